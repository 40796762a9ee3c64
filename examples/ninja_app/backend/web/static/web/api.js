// The API, as a page talks to it. The access token is in this module's memory alone: no other script finds it in a
// store, and closing the page forgets it. The refresh token is in a cookie that no script can read; a request that
// the cookie lets in has a header that no other site's form can send.

const BASE = "/api/auth/";
const CSRF = { "X-Requested-With": "fetch" };
const RENEW_AT = 0.2; // Of the life that is left: what is under way then still ends in time.
const FIRST_WAIT = 2; // Seconds until a renewal that failed is tried again; twice as many each time after,
const LONGEST_WAIT = 60; // up to these, unless the server names a time itself.
const PATIENCE = 30_000; // Milliseconds for an answer: a request that hangs must not keep every other tab waiting.

export class Refused extends Error {
  constructor(status, code, detail, { errors = [], wait = 0 } = {}) {
    super(detail);
    Object.assign(this, { status, code, errors, wait }); // `wait`: seconds that the server asks for.
  }
}

let access = null; // {token, user, life, until}: seconds and milliseconds of the monotonic clock.
let timer = 0;
let failures = 0; // Of renewals, one after the other.

// "renewed" says whether the token is now another user's (isOther), "postponed" why a renewal failed and in how many
// seconds it is tried again (error, wait), "ended" whether somebody here asked for it (isAsked).
export const session = new EventTarget();

function tell(name, detail) {
  session.dispatchEvent(new CustomEvent(name, { detail }));
}

// Whose a token is. It is read to notice that another tab has logged in as somebody else, and for nothing more: what a
// token allows is the server's to say.
function subject(token) {
  return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub;
}

function schedule(seconds) {
  clearTimeout(timer);
  timer = setTimeout(() => renew().catch(() => {}), seconds * 1000); // What went wrong is told as an event.
}

function accept({ access_token: token, expires_in: life }) {
  const user = subject(token);
  const isOther = access !== null && access.user !== user;
  access = { token, user, life, until: performance.now() + life * 1000 };
  failures = 0;
  schedule(life * (1 - RENEW_AT));
  tell("renewed", { isOther });
}

function forget(isAsked) {
  access = null;
  failures = 0;
  clearTimeout(timer);
  tell("ended", { isAsked });
}

function postpone(error) {
  failures += 1;
  const wait = error.wait || Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
  schedule(wait);
  tell("postponed", { error, wait });
}

export function life() {
  return access && { left: Math.max(0, (access.until - performance.now()) / 1000), whole: access.life };
}

export function user() {
  return access?.user;
}

async function send(method, path, { body, token } = {}) {
  const headers = { ...CSRF };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const request = { method, headers, body: body && JSON.stringify(body), cache: "no-store" };
  let response;
  let answer;
  try {
    response = await fetch(BASE + path, { ...request, signal: AbortSignal.timeout(PATIENCE) });
    answer = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : {};
  } catch {
    throw new Refused(0, "unreachable");
  }
  if (!response.ok) {
    const wait = Number(response.headers.get("Retry-After")) || 0;
    throw new Refused(response.status, answer.code, answer.detail, { errors: answer.errors, wait });
  }
  return answer;
}

// What reads or writes the cookie is done by one page at a time, of however many: the others wait, and then have the
// newest. So no answer to an older cookie takes a newer one away.
function alone(work) {
  return navigator.locks ? navigator.locks.request("ferrauth-cookie", work) : work();
}

export async function open(path, body) {
  return send("POST", path, { body });
}

export function login(body) {
  return alone(async () => accept(await send("POST", "login", { body })));
}

// Only a 401 says that the session is over. Whatever else comes in its way passes, so it is tried again.
export function renew() {
  return alone(async () => {
    try {
      accept(await send("POST", "refresh"));
    } catch (error) {
      if (error.status === 401) forget(false);
      else postpone(error);
      throw error;
    }
  });
}

// A request of somebody who is logged in; if the token has just ended, once more with the next. That may be another
// user's by now, and what was asked for one is never done to the other.
export async function ask(method, path, body) {
  const asking = user();
  try {
    return await send(method, path, { body, token: access?.token });
  } catch (error) {
    if (error.status !== 401) throw error;
    await renew();
    if (user() !== asking) throw new Refused(0, "other_user");
    return send(method, path, { body, token: access.token });
  }
}

export async function logout(path) {
  if (path === "logout/all") await ask("POST", path);
  else await alone(() => send("POST", path, { token: access?.token }));
  forget(true);
}

// The network is back: no need to wait for the next try.
addEventListener("online", () => {
  if (failures) schedule(0);
});
