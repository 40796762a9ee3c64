// The API, as a page talks to it. The access token is in this module's memory alone: no other script finds it in a
// store, and closing the page forgets it. The refresh token is in a cookie that no script can read; a request that
// the cookie lets in has a header that no other site's form can send.

const BASE = "/api/auth/";
const CSRF = { "X-Requested-With": "fetch" };
const RENEW_AT = 0.2; // Of the life that is left: what is under way then still ends in time.

export class Refused extends Error {
  constructor(status, code, detail, errors) {
    super(detail);
    Object.assign(this, { status, code, errors });
  }
}

let access = null; // {token, life, until}: seconds and milliseconds of the monotonic clock.
let timer = 0;
export const session = new EventTarget(); // "renewed" and "ended".

function accept(tokens) {
  const until = performance.now() + tokens.expires_in * 1000;
  access = { token: tokens.access_token, life: tokens.expires_in, until };
  clearTimeout(timer);
  timer = setTimeout(() => renew().catch(() => {}), tokens.expires_in * 1000 * (1 - RENEW_AT));
  session.dispatchEvent(new Event("renewed"));
}

export function forget() {
  access = null;
  clearTimeout(timer);
  session.dispatchEvent(new Event("ended"));
}

export function life() {
  return access && { left: Math.max(0, (access.until - performance.now()) / 1000), whole: access.life };
}

async function send(method, path, { body, token } = {}) {
  const headers = { ...CSRF };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch(BASE + path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Refused(0, "unreachable", "The server does not answer. Are you online?");
  }
  const answer = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : {};
  if (!response.ok) {
    const wait = Number(response.headers.get("Retry-After"));
    const inTime = wait > 90 ? `${Math.ceil(wait / 60)} minutes` : `${wait} seconds`;
    const detail = wait ? `${answer.detail} (in ${inTime})` : answer.detail;
    throw new Refused(response.status, answer.code, detail ?? "The server could not do that.", answer.errors);
  }
  return answer;
}

export async function open(path, body) {
  return send("POST", path, { body });
}

export async function login(body) {
  accept(await send("POST", "login", { body }));
}

// One page renews at a time, of however many: the others wait, and then have the newest cookie.
export function renew() {
  const work = async () => {
    try {
      accept(await send("POST", "refresh"));
    } catch (error) {
      if (error.status === 401) forget();
      throw error;
    }
  };
  return navigator.locks ? navigator.locks.request("ferrauth-renew", work) : work();
}

// A request of somebody who is logged in; if the token has just ended, once more with the next.
export async function ask(method, path, body) {
  try {
    return await send(method, path, { body, token: access?.token });
  } catch (error) {
    if (error.status !== 401) throw error;
    await renew();
    return send(method, path, { body, token: access.token });
  }
}

export async function logout(path) {
  if (path === "logout/all") await ask("POST", path);
  else await send("POST", path, { token: access?.token });
  forget();
}
