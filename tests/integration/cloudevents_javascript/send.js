// Sends events with the official CloudEvents SDK for JavaScript.
// standard input: {"url", "mode": "binary" | "structured" | "batch", "events": [{…attributes, "data" | "bytes"}]}
// standard output: {"answers": [{"status", "body"}], "sent": [the events in the SDK's own JSON form]}
"use strict";

const { CloudEvent, HTTP, Mode, CONSTANTS, emitterFor } = require("cloudevents");

async function post(url, message) {
  const answer = await fetch(url, { method: "POST", headers: message.headers, body: message.body });
  return { status: answer.status, body: await answer.json() };
}

function eventOf({ bytes, ...rest }) {
  return new CloudEvent(bytes === undefined ? rest : { ...rest, data: Uint8Array.from(Buffer.from(bytes, "base64")) });
}

async function main() {
  let text = "";
  for await (const chunk of process.stdin) {
    text += chunk;
  }
  const { url, mode, events: given } = JSON.parse(text);
  const events = given.map(eventOf);
  const answers = [];
  if (mode === "batch") {
    const message = { headers: { "content-type": CONSTANTS.MIME_CE_BATCH }, body: JSON.stringify(events) };
    if (HTTP.toEvent({ ...message }).length !== events.length) {
      throw new Error("the SDK does not read its own batch");
    }
    answers.push(await post(url, message));
  } else {
    const emit = emitterFor((message) => post(url, message),
      { mode: mode === "binary" ? Mode.BINARY : Mode.STRUCTURED });
    for (const event of events) {
      answers.push(await emit(event));
    }
  }
  const sent = events.map((event) => JSON.parse(event.toString()));
  process.stdout.write(JSON.stringify({ answers, sent }));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
