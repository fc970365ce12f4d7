// A request as a program in one of three languages. Pure functions of
// {url, path, method, body, form, streamed}: `path` begins after the base address `url`, `body` is
// text or null, `form` a list of [name, text or File] or null.

// What the official clients have a method of their own for. All else goes by their general ones.
const METHODS = {
  "/chat/completions": "chat.completions.create",
  "/completions": "completions.create",
  "/embeddings": "embeddings.create",
  "/fine_tuning/jobs": "fine_tuning.jobs.create",
  "/images/generations": "images.generate",
  "/moderations": "moderations.create",
  "/responses": "responses.create",
};
// What this site takes beyond OpenAI's parameters, which the Python client would refuse.
const BEYOND = ["top_k", "min_p"];

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

const indented = (text) => text.replaceAll("\n", "\n  ");

function parsed(body) {
  try {
    const value = JSON.parse(body);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

export function curl({ url, path, method, body, form, streamed }) {
  const lines = [`curl ${streamed ? "-N " : ""}"${url}${path}"`];
  if (method !== (body === null && !form ? "GET" : "POST")) lines[0] += ` -X ${method}`;
  lines.push('-H "Authorization: Bearer $OPENAI_API_KEY"');
  if (body !== null) lines.push('-H "Content-Type: application/json"', `-d ${quoted(body)}`);
  for (const [name, value] of form ?? []) {
    lines.push(`-F ${quoted(`${name}=${value instanceof File ? `@${value.name}` : value}`)}`);
  }
  return lines.join(" \\\n  ");
}

// A JSON value as Python writes it; short ones on one line.
function literal(value, indent = "") {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  const [open, close] = list ? "[]" : "{}";
  const inner = `${indent}    `;
  const parts = (deeper) =>
    Object.entries(value).map(([name, each]) =>
      list ? literal(each, deeper) : `${JSON.stringify(name)}: ${literal(each, deeper)}`,
    );
  const short = open + parts(indent).join(", ") + close;
  if (short.length + indent.length <= 72 && !short.includes("\n")) return short;
  return `${open}\n${parts(inner).map((part) => `${inner}${part},\n`).join("")}${indent}${close}`;
}

function pythonCall({ path, method, body, form }) {
  if (form) {
    const texts = Object.fromEntries(form.filter(([, value]) => !(value instanceof File)));
    const files = form.filter(([, value]) => value instanceof File);
    const opened = files.map(([name, file]) => `"${name}": open(${JSON.stringify(file.name)}, "rb")`);
    return `client.post(
    ${JSON.stringify(path)},
    cast_to=object,
    body=${literal(texts, "    ")},
    files={${opened.join(", ")}},
    options={"headers": {"Content-Type": "multipart/form-data"}},
)`;
  }
  if (body === null) {
    return `client.${method.toLowerCase()}(${JSON.stringify(path)}, cast_to=object)`;
  }
  const value = parsed(body);
  if (value === null) return null;
  if (!(path in METHODS)) {
    return `client.post(
    ${JSON.stringify(path)},
    cast_to=object,
    body=${literal(value, "    ")},
)`;
  }
  const beyond = Object.entries(value).filter(([name]) => BEYOND.includes(name));
  const known = Object.entries(value).filter(([name]) => !BEYOND.includes(name));
  const given = known.map(([name, each]) => `    ${name}=${literal(each, "    ")},\n`);
  if (beyond.length) given.push(`    extra_body=${literal(Object.fromEntries(beyond), "    ")},\n`);
  return `client.${METHODS[path]}(\n${given.join("")})`;
}

export function python(request) {
  const call = pythonCall(request);
  if (call === null) return "# The body is not a JSON object.";
  const typed = request.body !== null && request.path in METHODS;
  const head = `from openai import OpenAI\n\nclient = OpenAI(base_url="${request.url}")`;
  if (request.streamed) {
    return `${head}\nfor event in ${call}:\n    print(event.to_json(indent=None))`;
  }
  return `${head}\nreply = ${call}\nprint(${typed ? "reply.to_json()" : "reply"})`;
}

// Names of Node's methods are in another case where they are of several words.
const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

export function node({ url, path, method, body, form, streamed }) {
  const head = `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${url}" });`;
  const place = JSON.stringify(path);
  if (form) {
    const fields = form.map(([name, value]) =>
      value instanceof File
        ? `form.append("${name}", await openAsBlob(${JSON.stringify(value.name)}), ${JSON.stringify(value.name)});`
        : `form.append("${name}", ${JSON.stringify(value)});`,
    );
    return `import { openAsBlob } from "node:fs";\n${head}
const form = new FormData();
${fields.join("\n")}
const reply = await client.post(${place}, { body: form });
console.log(reply);`;
  }
  let call = `client.${method.toLowerCase()}(${place})`;
  if (body !== null) {
    const value = parsed(body);
    if (value === null) return "// The body is not a JSON object.";
    const text = JSON.stringify(value, null, 2);
    call = path in METHODS
      ? `client.${camel(METHODS[path])}(${text})`
      : `client.post(${place}, {\n  body: ${indented(text)},\n})`;
  }
  if (streamed) {
    return `${head}\nfor await (const event of await ${call}) {\n  console.log(JSON.stringify(event));\n}`;
  }
  return `${head}\nconst reply = await ${call};\nconsole.log(JSON.stringify(reply, null, 2));`;
}
