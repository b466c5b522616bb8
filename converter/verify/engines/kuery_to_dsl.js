// Reads a JSON list of KQL texts, prints a JSON list of {dsl} or {error}: Kibana 7's own parser and translation.
const { fromKueryExpression, toElasticsearchQuery } = require('@cybernetex/kbn-es-query');

// Kibana 7 puts each "or" (and each "and") into the last one; later versions put them side by side, which means the same and does not
// nest without end.
const kindOf = (dsl) => {
  const keys = dsl.bool ? Object.keys(dsl.bool).sort().join() : '';
  if (keys === 'filter' && Array.isArray(dsl.bool.filter)) return 'filter';
  return keys === 'minimum_should_match,should' && dsl.bool.minimum_should_match === 1 ? 'should' : '';
};
const flat = (dsl) => {
  const kind = kindOf(dsl);
  if (!kind) {
    if (dsl.bool) for (const key of ['filter', 'should', 'must_not']) {
      if (Array.isArray(dsl.bool[key])) dsl.bool[key] = dsl.bool[key].map(flat);
      else if (dsl.bool[key]) dsl.bool[key] = flat(dsl.bool[key]);
    }
    return dsl;
  }
  const pending = [...dsl.bool[kind]].reverse(), done = [];
  while (pending.length) {
    const one = pending.pop();
    if (kindOf(one) === kind) pending.push(...[...one.bool[kind]].reverse());
    else done.push(flat(one));
  }
  return { bool: { ...dsl.bool, [kind]: done } };
};

const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  const answers = JSON.parse(Buffer.concat(chunks).toString('utf8')).map((text) => {
    try {
      return { dsl: flat(toElasticsearchQuery(fromKueryExpression(text))) };
    } catch (error) {
      return { error: String(error.message || error).slice(0, 500) };
    }
  });
  process.stdout.write(JSON.stringify(answers));
});
