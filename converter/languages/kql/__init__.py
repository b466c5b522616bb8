"""KQL (kuery), Kibana's query language: read it, run it by Elasticsearch's rules, and give it to Sigma."""
