package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"tasks/golem"
)

// crew is some machines that were hired by hand, ready to run commands.
type crew struct {
	client     *golem.Client
	demand     golem.DemandID
	allocation golem.AllocationID
	terms      golem.DemandSpec
	platform   string

	mu         sync.Mutex
	agreements []golem.AgreementID
	activities []golem.ActivityID
}

// hire gets n machines as any client does: a demand, answers to offers, agreements,
// activities.
func hire(ctx context.Context, d *daemon, n int) (*crew, error) {
	c := &crew{client: d.client(), platform: golem.PlatformOf("hoodi")}
	if err := c.publish(ctx); err != nil {
		return nil, err
	}
	errs := make(chan error, 1000)
	var wg sync.WaitGroup
	defer wg.Wait()
	for asked, hired := 0, 0; hired < n; {
		events, err := c.client.CollectOffers(ctx, c.demand, 5*time.Second, golem.MaxMarketEvents)
		if err != nil {
			return nil, fmt.Errorf("collect offers: %w", err)
		}
		for _, e := range events {
			switch {
			case e.Proposal == nil:
			case e.Proposal.State == golem.ProposalInitial && asked < n:
				asked++
				wg.Go(func() {
					_, err := c.client.CounterProposal(ctx, c.demand, e.Proposal.ProposalID, c.terms)
					report(errs, err)
				})
			case e.Proposal.State == golem.ProposalDraft && hired < n:
				hired++
				wg.Go(func() { report(errs, c.engage(ctx, e.Proposal.ProposalID)) })
			}
		}
	}
	wg.Wait()
	select {
	case err := <-errs:
		return nil, fmt.Errorf("hire: %w", err)
	default:
		return c, nil
	}
}

func report(errs chan error, err error) {
	if err != nil {
		errs <- err
	}
}

func (c *crew) publish(ctx context.Context) error {
	allocation, err := c.client.CreateAllocation(ctx, golem.NewAllocation{
		TotalAmount: decimal.NewFromInt(50), PaymentPlatform: c.platform, Timeout: time.Now().Add(time.Hour),
	})
	if err != nil {
		return err
	}
	c.allocation = allocation.AllocationID
	decorations, err := c.client.DemandDecorations(ctx, c.allocation)
	if err != nil {
		return err
	}
	demand := decorations.Decorate(golem.DemandSpec{
		Properties: golem.Properties{
			golem.PropNodeName: "bench", golem.PropSubnet: "public", golem.PropMultiActivity: true,
			golem.PropExpiration:    time.Now().Add(20 * time.Minute).UnixMilli(),
			golem.PropTaskPackage:   "hash:sha3:9a3b5d67b0b27746283cb5f287c13eab1beaa12d92a9f536b747c7ae:http://images.example/alpine.gvmi",
			golem.PropPackageFormat: "gvmkit-squash",
		},
		Constraints: "(&(golem.runtime.name=vm)(golem.node.debug.subnet=public))",
	})
	c.terms = demand
	c.terms.Properties = maps.Clone(demand.Properties)
	c.terms.Properties[golem.PropChosenPlatform] = c.platform
	c.demand, err = c.client.PublishDemand(ctx, demand)
	return err
}

// engage takes one provider from its answer to a machine that is ready.
func (c *crew) engage(ctx context.Context, answer golem.ProposalID) error {
	id, err := c.client.CreateAgreement(ctx, answer, time.Now().Add(time.Hour))
	if err != nil {
		return err
	}
	if err := c.client.ConfirmAgreement(ctx, id, "bench"); err != nil {
		return err
	}
	if err := c.client.WaitForApproval(ctx, id, time.Minute); err != nil {
		return err
	}
	activity, err := c.client.CreateActivity(ctx, id, time.Minute)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.agreements, c.activities = append(c.agreements, id), append(c.activities, activity)
	c.mu.Unlock()
	batch, err := c.client.Exec(ctx, activity, []golem.Command{{Deploy: &golem.Deploy{}}, {Start: &golem.Start{}}}, time.Minute)
	if err != nil {
		return err
	}
	results, err := c.client.BatchResults(ctx, activity, batch, time.Minute)
	if err == nil && (len(results) != 2 || results[1].Result != golem.ResultOk) {
		err = fmt.Errorf("machine not ready: %+v", results)
	}
	return err
}

// dismiss lets the machines go.
func (c *crew) dismiss(ctx context.Context) error {
	var errs []error
	for _, id := range c.activities {
		errs = append(errs, c.client.DestroyActivity(ctx, id, time.Minute))
	}
	for _, id := range c.agreements {
		errs = append(errs, c.client.TerminateAgreement(ctx, id, nil))
	}
	errs = append(errs, c.client.DeleteDemand(ctx, c.demand), c.client.ReleaseAllocation(ctx, c.allocation))
	c.client.CloseIdleConnections()
	return errors.Join(errs...)
}
