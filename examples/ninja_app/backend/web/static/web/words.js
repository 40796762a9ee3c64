// What the API's codes mean, in words for people.

const FIELDS = {
  password_too_short: "The password is too short: 12 characters are the least.",
  password_too_common: "The password is one that many people use.",
  password_entirely_numeric: "The password must not be digits alone.",
  password_too_similar: "The password is too much like the address.",
  string_too_short: "Something is missing.",
  string_too_long: "That is too long.",
  missing: "Something is missing.",
};

const CODES = {
  invalid_credentials: "The address or the password is not right. A new account must be verified first.",
  wrong_password: "The present password is not right.",
  invalid_link: "This link is no good: it was used, it is too old, or a newer one was sent.",
  not_authenticated: "You are logged out.",
  invalid_token: "You are logged out.",
};

export function inWords(error) {
  if (error.errors?.length) {
    const said = error.errors.map(({ field, code }) =>
      field === "email" ? "That is no e-mail address." : (FIELDS[code] ?? error.message));
    return [...new Set(said)].join(" ");
  }
  return CODES[error.code] ?? error.message ?? "Something went wrong.";
}
