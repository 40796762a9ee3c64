// What a browser calls itself, in few words. It is a name and no proof: a client may send any. What is not recognised
// is shown as it was sent.

// The order matters: most browsers also claim to be those below them.
const BROWSERS = [
  ["Edge", /\bEdg(e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(Headless)?(Chrome|CriOS)\//],
  ["Safari", /\bVersion\/\S+ (Mobile\/\S+ )?Safari\//],
];

const SYSTEMS = [
  ["Android", /\bAndroid\b/],
  ["an iPhone", /\biPhone\b/],
  ["an iPad", /\biPad\b/],
  ["Windows", /\bWindows\b/],
  ["a Mac", /\bMac OS X\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
];

export function agentName(agent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((known) => known.find(([, pattern]) => pattern.test(agent))?.[0]);
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? (agent || "An unknown program");
}
