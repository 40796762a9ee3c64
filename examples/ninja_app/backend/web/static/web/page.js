// The page: forms and buttons, and what they lead to. Everything that is shown is set as text.

import { ask, forget, life, login, logout, open, renew, session } from "./api.js";
import { watch } from "./server.js";
import { inWords } from "./words.js";

const element = (id) => document.getElementById(id);
const KNOWN = "ferrauth-logged-in"; // No secret: it says that it is worth to ask for a session.
const others = new BroadcastChannel("ferrauth"); // The same page in other tabs.
let resetToken = null;
let renewals = -1; // The first one is the login.

function show(name) {
  for (const part of ["guest", "reset", "account"]) element(part).hidden = part !== name;
}

function say(text) {
  element("notice").textContent = text;
  element("notice").hidden = !text;
}

// Runs what a button or a form asks for, with its button off meanwhile, and says in words what went wrong.
async function attempt(button, error, work) {
  element(error).textContent = "";
  button.disabled = true;
  try {
    await work();
  } catch (refused) {
    element(error).textContent = inWords(refused);
  } finally {
    button.disabled = false;
  }
}

function onSubmit(id, work) {
  const form = element(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = [...form.querySelectorAll("input[required]")];
    for (const field of fields) field.setAttribute("aria-invalid", String(!field.value));
    const missing = fields.find((field) => !field.value);
    const error = `${id.replace("-form", "")}-error`;
    if (missing) {
      element(error).textContent = `${form.querySelector(`label[for="${missing.id}"]`).textContent}: please fill it in.`;
      missing.focus();
      return;
    }
    const body = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    attempt(form.querySelector("button"), error, async () => {
      await work(body);
      form.reset();
    });
  });
}

function onClick(id, error, work) {
  element(id).addEventListener("click", () => attempt(element(id), error, work));
}

function device(row) {
  const item = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = row.is_current ? "This device" : "Another device";
  const about = document.createElement("p");
  about.className = "hint";
  const used = new Date(row.last_used_at).toLocaleString();
  about.textContent = `${row.user_agent || "Unknown"}, at ${row.address || "an unknown address"}, last used ${used}`;
  item.append(name, about);
  if (!row.is_current) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Log it out";
    button.setAttribute("aria-label", `Log out the device last used ${used}`);
    button.addEventListener("click", () => attempt(button, "devices-error", async () => {
      await ask("DELETE", `sessions/${row.id}`);
      say("That device is logged out.");
      await showDevices();
    }));
    item.append(button);
  }
  return item;
}

async function showDevices() {
  const rows = await ask("GET", "sessions");
  element("devices").replaceChildren(...rows.map(device));
}

async function showAccount() {
  const me = await ask("GET", "me");
  element("me").textContent = me.email;
  element("change-user").value = me.email;
  await showDevices();
  show("account");
}

function showLife() {
  const now = life();
  if (!now) return;
  element("life").value = now.left / now.whole;
  element("life-text").textContent = `${Math.ceil(now.left)} of ${now.whole} seconds left.`;
}

session.addEventListener("renewed", () => {
  localStorage.setItem(KNOWN, "1");
  renewals += 1;
  element("renewals").textContent = renewals;
  showLife();
});

session.addEventListener("ended", () => {
  localStorage.removeItem(KNOWN);
  renewals = -1;
  others.postMessage("ended");
  if (element("reset").hidden) show("guest");
});

others.addEventListener("message", () => {
  if (life()) location.reload();
});

onSubmit("login", async (body) => {
  await login(body);
  say("");
  await showAccount();
});
onSubmit("register", async (body) => {
  await open("register", body);
  say("Look into your mail: a link there finishes it.");
});
onSubmit("forgotten", async (body) => {
  await open("password/reset", body);
  say("If there is an account with this address, a link is on its way to it.");
});
onSubmit("reset-form", async (body) => {
  await open("password/reset/confirm", { token: resetToken, ...body });
  resetToken = null;
  show("guest");
  say("The password is set. Log in with it.");
});
onSubmit("change", async (body) => {
  await ask("POST", "password/change", body);
  say("The password is changed. Every other device is logged out.");
  await showDevices();
});
onClick("renew", "account-error", renew);
onClick("logout", "account-error", async () => {
  await logout("logout");
  say("You are logged out.");
});
onClick("logout-all", "devices-error", async () => {
  await logout("logout/all");
  say("You are logged out, here and everywhere.");
});
element("reset-cancel").addEventListener("click", () => {
  resetToken = null;
  start();
});

// A link of a mail has its token behind the "#", which no browser sends to a server or tells the next page.
async function followLink() {
  const [kind, token] = location.hash.slice(1).split("=");
  if (!token) return false;
  history.replaceState(null, "", location.pathname);
  if (kind === "reset") {
    resetToken = token;
    say("");
    show("reset");
    element("reset-password").focus();
    return true;
  }
  if (kind === "verify") {
    try {
      await open("email/verify", { token });
      say("The address is verified. Log in with it.");
    } catch (refused) {
      say(inWords(refused));
    }
  }
  return false;
}

async function start() {
  if (await followLink()) return;
  if (life()) {
    show("account");
    return;
  }
  if (!localStorage.getItem(KNOWN)) {
    show("guest");
    return;
  }
  try {
    await renew();
    await showAccount();
  } catch (refused) {
    if (refused.status !== 401) say(inWords(refused));
    forget();
  }
}

addEventListener("hashchange", start);
setInterval(showLife, 250);
watch();
start();
