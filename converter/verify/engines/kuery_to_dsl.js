// Reads a JSON list of KQL texts, prints a JSON list of {dsl} or {error}: Kibana 7's own parser and translation.
const { fromKueryExpression, toElasticsearchQuery } = require('@cybernetex/kbn-es-query');
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  const answers = JSON.parse(Buffer.concat(chunks).toString('utf8')).map((text) => {
    try {
      return { dsl: toElasticsearchQuery(fromKueryExpression(text)) };
    } catch (error) {
      return { error: String(error.message || error).slice(0, 500) };
    }
  });
  process.stdout.write(JSON.stringify(answers));
});
