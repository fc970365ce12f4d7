// The scene with the official client for Node.
const OpenAI = require("openai");

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const PICK = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const user = (content) => [{ role: "user", content }];

async function scene() {
  const plain = await client.chat.completions.create({
    model: "fake/echo",
    messages: user("Hello there"),
  });

  const pieces = [];
  let usage = null;
  const stream = await client.chat.completions.create({
    model: "fake/words-100",
    messages: user("Go"),
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    for (const { delta } of chunk.choices) if (delta.content) pieces.push(delta.content);
    usage = chunk.usage ?? usage;
  }

  // The client puts a streamed call together by itself.
  const asked = await client.chat.completions
    .stream({
      model: "fake/tool",
      messages: user("Pick one"),
      tools: [{ type: "function", function: { name: "pick", parameters: PICK } }],
    })
    .finalChatCompletion();
  const [call] = asked.choices[0].message.tool_calls;

  const structured = await client.chat.completions.parse({
    model: "fake/echo",
    messages: user('{"n": 1}'),
    response_format: { type: "json_schema", json_schema: { name: "pick", schema: PICK } },
  });

  let refused = null;
  try {
    await client.withOptions({ apiKey: "sk-wrong" }).models.list();
  } catch (error) {
    refused = error instanceof OpenAI.AuthenticationError ? error.code : String(error);
  }

  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  return {
    models: models.sort(),
    plain: plain.choices[0].message.content,
    usage: [plain.usage.prompt_tokens, plain.usage.completion_tokens],
    streamed: pieces,
    "streamed usage": [usage.prompt_tokens, usage.completion_tokens],
    tool: [call.function.name, JSON.parse(call.function.arguments)],
    structured: JSON.parse(structured.choices[0].message.content),
    refused,
  };
}

scene().then((heard) => console.log(JSON.stringify(heard)));
