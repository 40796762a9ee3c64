// The page: which part of it is shown, and what its forms and buttons lead to. Everything that is shown is set as text.

import { ask, life, login, logout, open, renew, session, user } from "./api.js";
import { showDevices } from "./devices.js";
import { clear, onClick, onSubmit, say } from "./forms.js";
import { watch } from "./server.js";
import { cause, inTime, inWords } from "./words.js";

const element = (id) => document.getElementById(id);
const PARTS = ["guest", "reset", "waiting", "account"];
const KNOWN = "ferrauth-logged-in"; // No secret: it says that it is worth to ask for a session.
const LINK = /^#(verify|reset)=(.+)$/;
const RETRY = 5; // Seconds until the account is asked for again.
const ENDED = "You are logged out: the session was ended in another tab or on another device, or it ran out.";
const others = new BroadcastChannel("ferrauth"); // The same page in other tabs.
let resetToken = null;
let renewals = -1; // The first one is the login.
let greet = null; // What is said when the account opens; nothing if the page was loaded with it.
let opened = Promise.resolve();

const isShown = (name) => !element(name).hidden;

function show(name) {
  for (const part of PARTS) element(part).hidden = part !== name;
}

// Shows a part that somebody came to by doing something: reading and the keyboard go on at its heading.
function enter(name) {
  show(name);
  element(name).querySelector("h2").focus();
}

function wait(words) {
  if (!isShown("waiting")) enter("waiting");
  element("waiting-text").textContent = words;
}

function clearAccount() {
  clear(element("change"));
  for (const error of element("account").querySelectorAll(".error")) error.textContent = "";
  element("renewing").textContent = "";
  element("me").textContent = "";
  element("devices").replaceChildren();
}

async function openAccount() {
  const opening = user();
  try {
    const me = await ask("GET", "me");
    await showDevices();
    if (user() !== opening) return; // Another one's account is on its way.
    element("me").textContent = me.email;
    element("change-user").value = me.email;
    if (greet) {
      say(greet(me.email));
      enter("account");
    } else show("account");
    greet = null;
  } catch (refused) {
    if (refused.status === 401 || user() !== opening) return; // Said by whatever came in its place.
    const seconds = refused.wait || RETRY;
    wait(`${cause(refused)} Trying again in ${inTime(seconds)}.`);
    setTimeout(() => { if (user() === opening && isShown("waiting")) openAccount(); }, seconds * 1000);
  }
}

function showLife() {
  const now = life();
  if (!now) return;
  element("life").value = now.left / now.whole;
  const left = `${Math.ceil(now.left)} of ${now.whole} seconds left.`;
  element("life-text").textContent = now.left > 0 ? left : "It has run out.";
}

session.addEventListener("renewed", ({ detail: { isOther } }) => {
  localStorage.setItem(KNOWN, "1");
  renewals = isOther ? 0 : renewals + 1;
  element("renewals").textContent = renewals;
  element("renewing").textContent = "";
  showLife();
  if (isOther) {
    // At once, before anything is shown or pressed: what is on the page is somebody else's.
    clearAccount();
    if (isShown("account")) show(null);
    greet = (email) => `Another tab has logged in as ${email}, and so this tab is that account's now.`;
  }
  if (!isShown("account") && !isShown("reset")) opened = openAccount();
});

session.addEventListener("postponed", ({ detail: { error, wait: seconds } }) => {
  const words = `${cause(error)} Trying again in ${inTime(seconds)}.`;
  if (isShown("account")) element("renewing").textContent = `The access token could not be renewed. ${words}`;
  else if (!isShown("reset") && !isShown("guest")) wait(words);
});

session.addEventListener("ended", ({ detail: { isAsked } }) => {
  localStorage.removeItem(KNOWN);
  renewals = -1;
  greet = null;
  others.postMessage("ended");
  clearAccount();
  if (isShown("reset")) return;
  if (!isAsked) say(ENDED);
  enter("guest");
});

// What another tab says is a reason to ask the server, and never the answer.
others.addEventListener("message", ({ data }) => {
  if (isShown("reset") || (data === "ended" && !life())) return;
  if (!life()) greet = (email) => `Another tab has logged in as ${email}, and so has this one.`;
  renew().catch(() => {}); // What came of it is told as an event.
});

onSubmit("login", async (body) => {
  greet = (email) => `You are logged in as ${email}.`;
  await login(body);
  others.postMessage("login");
  await opened;
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
  if (life()) await renew().catch(() => {}); // The reset has ended this page's session too, as the answer says.
  say("The password is set. Log in with it.");
  enter("guest");
});
onSubmit("change", async (body) => {
  await ask("POST", "password/change", body);
  say("The password is changed. Every other device is logged out.");
  await showDevices();
});
onClick("renew", "account-error", () => renew().catch(() => {}));
onClick("retry", "waiting-error", () => (life() ? openAccount() : renew().catch(() => {})));
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
  clear(element("reset-form"));
  show(null);
  start();
});

// A link of a mail has its token behind the "#", which no browser sends to a server or tells the next page.
async function followLink() {
  const [, kind, token] = LINK.exec(location.hash) ?? [];
  if (!token) return false;
  history.replaceState(null, "", location.pathname);
  if (kind === "reset") {
    resetToken = token;
    say("");
    enter("reset");
    return true;
  }
  try {
    await open("email/verify", { token });
    say("The address is verified. Log in with it.");
  } catch (refused) {
    say(inWords(refused));
  }
  return false;
}

async function start() {
  if (await followLink()) return;
  if (life()) {
    if (element("me").textContent) show("account");
    else openAccount();
  } else if (localStorage.getItem(KNOWN)) renew().catch(() => {}); // What came of it is told as an event.
  else show("guest");
}

addEventListener("hashchange", () => {
  if (LINK.test(location.hash)) start(); // And not where the skip link leads.
});
setInterval(showLife, 250);
watch();
start();
