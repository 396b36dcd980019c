// Chooses its provider itself: a limit on prices, a filter and a selector.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { offers } from "../daemon.mjs";
import { options, order, pricing } from "../order.mjs";

const second = ({ properties }) =>
  properties["golem.com.pricing.model.linear.coeffs"][properties["golem.com.usage.vector"].indexOf("golem.usage.duration_sec")];
const threads = ({ properties }) => properties["golem.inf.cpu.threads"];

// Some of the market are too dear, some of the rest too small; of those that
// are left, the one with the most memory is wanted.
const market = (await offers()).sort((a, b) => second(a) - second(b));
const limit = (second(market[6]) + second(market[7])) / 2;
const cheap = market.filter((offer) => second(offer) < limit);
const fit = cheap.filter((offer) => threads(offer) >= 2);
assert.ok(market.length > cheap.length && cheap.length > fit.length && fit.length > 1, "the market tells them apart");
const memory = ({ properties }) => properties["golem.inf.mem.gib"];
const wanted = fit.reduce((a, b) => (memory(b) > memory(a) ? b : a));

const glm = new GolemNetwork(options);
const turnedDown = { dear: new Set(), small: new Set() };
glm.market.events.on("offerProposalRejectedByPriceFilter", ({ offerProposal }) => turnedDown.dear.add(offerProposal.provider.id));
glm.market.events.on("offerProposalRejectedByProposalFilter", ({ offerProposal }) => turnedDown.small.add(offerProposal.provider.id));
try {
  await glm.connect();
  const pool = await glm.manyOf({
    poolSize: 1,
    order: order({
      market: {
        pricing: { ...pricing, maxEnvPerHourPrice: limit * 3600 },
        offerProposalFilter: (proposal) => proposal.getDto().cpuThreads >= 2,
        offerProposalSelector: (proposals) => proposals.reduce((a, b) => (b.getDto().memory > a.getDto().memory ? b : a)),
      },
    }),
  });
  const drafts = pool.getProposalPool();
  await new Promise((done) => drafts.events.on("added", () => drafts.getAvailable().length === fit.length && done()));
  const rental = await pool.acquire();
  assert.equal(rental.agreement.provider.id, wanted.providerId, "the selector's choice is hired");
  const ids = (list) => list.map((offer) => offer.providerId).sort();
  assert.deepEqual([...turnedDown.dear].sort(), ids(market.filter((offer) => !cheap.includes(offer))));
  assert.deepEqual([...turnedDown.small].sort(), ids(cheap.filter((offer) => !fit.includes(offer))));
  await pool.release(rental);
  await pool.drainAndClear();
} finally {
  await glm.disconnect();
}
