// What the page shows of the server, in development: the lanes, and the mails that went out.

const element = (id) => document.getElementById(id);
const EVERY = 1000; // Milliseconds.

async function read(path) {
  try {
    const response = await fetch(path);
    return response.ok ? await response.json() : null;
  } catch {
    return null; // The server is away: what was shown stays, and the next look may find it back.
  }
}

async function showLanes() {
  const now = await read("/server/lanes.json");
  if (!now) return;
  const lanes = element("lanes");
  while (lanes.children.length < now.lanes) lanes.append(document.createElement("li"));
  [...lanes.children].forEach((lane, index) => lane.classList.toggle("busy", index < now.lanes_busy));
  element("logins").textContent = now.logins_per_second.toFixed(1);
  element("busy").textContent = `${now.lanes_busy} of ${now.lanes}`;
  element("queued").textContent = now.queued;
  element("kernel").textContent = now.kernel;
}

function message({ to, subject, date, text }) {
  const item = document.createElement("li");
  const heading = document.createElement("strong");
  heading.textContent = subject;
  const about = document.createElement("span");
  about.className = "hint";
  about.textContent = ` to ${to}, ${date}`;
  const body = document.createElement("pre");
  for (const part of text.split(/(https?:\/\/\S+)/)) {
    // A link of this page's own may be followed from here; any other stays text.
    if (part.startsWith(`${location.origin}/`)) {
      const link = document.createElement("a");
      link.href = part;
      link.textContent = part;
      body.append(link);
    } else body.append(part);
  }
  item.append(heading, about, body);
  return item;
}

let shown = "";

async function showOutbox() {
  const found = await read("/server/outbox.json");
  const text = JSON.stringify(found);
  if (!found || text === shown) return;
  shown = text;
  element("messages").replaceChildren(...found.messages.map(message));
}

async function look() {
  if (!document.hidden) await Promise.all([showLanes(), showOutbox()]);
  setTimeout(look, EVERY);
}

export function watch() {
  if (element("strip")) look();
}
