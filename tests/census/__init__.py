"""What another converter's queries answer on the indices that Elastic's integrations make: counted by cause, with versions."""
