// What the API's codes mean, in words for people.

const UNFIT = "There is a character in it that cannot be used.";
const MISSING = "Please fill it in.";

const FIELDS = {
  password_too_short: "That is too short: 12 characters are the least.",
  password_too_long: "That is too long: 4,096 characters are the most.",
  password_too_common: "Many people use this password. Choose another.",
  password_entirely_numeric: "A password must not be digits alone.",
  password_too_similar: "That is too much like the address.",
  invalid: UNFIT,
  string_pattern_mismatch: UNFIT,
  string_unicode: UNFIT,
  string_too_long: "That is too long.",
  string_too_short: MISSING,
  missing: MISSING,
};

const ADDRESS = {
  ...FIELDS,
  invalid: "That is no e-mail address, such as ada@example.com.",
  string_too_long: "That is too long: an e-mail address has 254 characters at the most.",
};

const CODES = {
  bad_request: "The server did not understand this page. Reload it.",
  busy: "The server is busy.",
  conflict: "The account was changed at the same moment. Try again.",
  csrf_failed: "The server did not take this for a request of its own page. Reload it.",
  email_taken: "There is an account with this address.",
  invalid: "Something in the form cannot be taken.",
  invalid_credentials: "The address or the password is not right. A new account must be verified first.",
  invalid_link: "This link is no good: it was used, it is too old, or a newer one was sent.",
  invalid_token: "You are logged out.",
  not_authenticated: "You are logged out.",
  not_found: "That is gone already.",
  other_user: "Another tab has logged in as somebody else, so nothing was done.",
  permission_denied: "You may not do that.",
  registration_closed: "Nobody can sign up here at the moment.",
  throttled: "That was too often.",
  unavailable: "The server cannot answer right now.",
  unreachable: "The server does not answer. Are you online?",
  wrong_password: "The present password is not right.",
};

// A code that is about one field of a form, where the answer does not name the field.
const ABOUT = { wrong_password: "old_password", email_taken: "email" };

export const missing = MISSING;

export function inTime(seconds) {
  if (seconds > 90) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds === 1 ? "a second" : `${seconds} seconds`;
}

// What went wrong, without what to do about it.
export function cause(error) {
  return CODES[error.code] ?? "The server could not do that.";
}

export function inWords(error) {
  return error.wait ? `${cause(error)} Try again in ${inTime(error.wait)}.` : cause(error);
}

// What is wrong with which field, as pairs of its name and words.
export function ofFields(error) {
  if (error.code in ABOUT) return [[ABOUT[error.code], cause(error)]];
  const said = ({ field, code }) => (field === "email" ? ADDRESS : FIELDS)[code] ?? "That cannot be taken.";
  return (error.errors ?? []).map((one) => [one.field, said(one)]);
}
