// What the daemon itself says, asked without any SDK.

const url = process.env.YAGNA_API_URL;
const key = process.env.YAGNA_APPKEY;

/** ask returns the JSON answer to a GET. */
export async function ask(path, { base = url, token = key } = {}) {
  const answer = await fetch(base + path, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** offers lists the market's offers, by a scan. */
export async function offers() {
  const id = await fetch(`${url}/market-api/v1/scan`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ type: "offer" }),
  }).then((answer) => answer.json());
  return ask(`/market-api/v1/scan/${id}/events?timeout=1`);
}

/**
 * leftBehind lists what a client should have ended, paid or released and did
 * not: demands, agreements, invoices and allocations.
 */
export async function leftBehind(daemon) {
  const [demands, approved, ended, invoices, allocations] = await Promise.all([
    ask("/market-api/v1/demands", daemon),
    ask("/market-api/v1/agreements?state=Approved", daemon),
    ask("/market-api/v1/agreements?state=Terminated", daemon),
    ask("/payment-api/v1/invoices", daemon),
    ask("/payment-api/v1/allocations", daemon),
  ]);
  const paid = invoices.filter((i) => i.status === "ACCEPTED" || i.status === "SETTLED");
  const found = [];
  if (demands.length) found.push(`${demands.length} demands`);
  if (approved.length) found.push(`${approved.length} agreements alive`);
  if (ended.length > invoices.length) found.push(`${ended.length - invoices.length} agreements without an invoice`);
  if (invoices.length > paid.length) found.push(`${invoices.length - paid.length} unpaid invoices`);
  if (allocations.length) found.push(`${allocations.length} allocations`);
  return found;
}
