// Asks the server; what goes wrong comes back as { error }, a line to be shown.

export async function ask(address, about = {}) {
  try {
    const answer = await fetch(address, about);
    if (answer.ok) return await answer.json();
    const text = await answer.text();
    try {
      return { error: JSON.parse(text).error ?? text };
    } catch {
      return { error: text || `the viewer answered ${answer.status}` };
    }
  } catch {
    return { error: "the viewer does not answer; is `mtmc view` still running?" };
  }
}

export function send(address, body = {}) {
  return ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
