// An order as anyone would place it with golem-js: a small image, any provider
// that is not absurdly dear.

/** pricing admits every provider of an ordinary market. */
export const pricing = { model: "linear", maxStartPrice: 1, maxCpuPerHourPrice: 1, maxEnvPerHourPrice: 1 };

/** order returns an order whose parts may be replaced. */
export function order({ demand, market, ...rest } = {}) {
  return {
    demand: { workload: { imageTag: "golem/alpine:latest" }, ...demand },
    market: { rentHours: 0.25, pricing, ...market },
    ...rest,
  };
}

/** options is how a client finds the money of the devnet. */
export const options = { payment: { network: "hoodi" } };
