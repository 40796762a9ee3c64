// The list of devices, and ending one.

import { ask, user } from "./api.js";
import { agentName } from "./agents.js";
import { attempt, say } from "./forms.js";
import { inWords } from "./words.js";

const element = (id) => document.getElementById(id);

function text(tag, content, more = {}) {
  return Object.assign(document.createElement(tag), { textContent: content }, more);
}

function refuse(refused) {
  element("devices-error").textContent = inWords(refused);
}

function device(row) {
  const item = document.createElement("li");
  const name = agentName(row.user_agent);
  const used = new Date(row.last_used_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const about = document.createElement("div");
  about.append(text("strong", name, { title: row.user_agent }));
  if (row.is_current) about.append(text("span", "this device", { className: "badge" }));
  about.append(text("p", `${row.address || "An unknown address"}, last used ${used}`, { className: "hint" }));
  item.append(about);
  if (!row.is_current) {
    const button = text("button", "Log out", { type: "button", ariaLabel: `Log out ${name}, last used ${used}` });
    button.addEventListener("click", () => attempt(button, refuse, async () => {
      element("devices-error").textContent = "";
      await ask("DELETE", `sessions/${row.id}`);
      await showDevices();
      element("devices-title").focus(); // The button is gone with its row.
      say("That device is logged out.");
    }));
    item.append(button);
  }
  return item;
}

export async function showDevices() {
  const asking = user();
  const rows = await ask("GET", "sessions");
  if (user() === asking) element("devices").replaceChildren(...rows.map(device));
}
