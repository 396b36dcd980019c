"""A strategy of its own, on top of a limit on prices."""

from datetime import timedelta
from decimal import Decimal

from order import golem, image, run
from yapapi import Task, events
from yapapi.props import com
from yapapi.strategy import SCORE_REJECTED, LeastExpensiveLinearPayuMS
from yapapi.strategy.wrapping_strategy import WrappingMarketStrategy

seen = {}
hired = []


class BigMachines(WrappingMarketStrategy):
    """Turns down machines of fewer than three threads; the rest by price."""

    async def score_offer(self, offer):
        score = await self.base_strategy.score_offer(offer)
        threads = offer.props["golem.inf.cpu.threads"]
        if threads < 3:
            score = SCORE_REJECTED
        seen[offer.issuer] = (threads, score)
        return score


async def worker(context, tasks):
    async for task in tasks:
        hired.append(context.provider_id)
        script = context.new_script(timeout=timedelta(seconds=20))
        script.run("/bin/true")
        yield script
        task.accept_result()


async def main():
    limit = Decimal("0.00003")
    strategy = BigMachines(
        LeastExpensiveLinearPayuMS(max_price_for={com.Counter.TIME: limit, com.Counter.CPU: Decimal("0.001")})
    )
    told = []
    async with golem(strategy=strategy, event_consumer=told.append) as engine:
        async for _ in engine.execute_tasks(
            worker, [Task(data=n) for n in range(3)], payload=await image(), max_workers=1, timeout=timedelta(minutes=6)
        ):
            pass
    assert set(hired) <= {provider for provider, (threads, score) in seen.items() if threads >= 3 and score > 0}, (hired, seen)
    assert any(score == SCORE_REJECTED for _, score in seen.values()), seen
    assert any(isinstance(event, events.ProposalRejected) for event in told)


run(main)
