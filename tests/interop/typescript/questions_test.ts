/** The four questions, asked of the demo company by generated clients. */

import { credentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { ask, CHANNEL_OPTIONS, failure } from "./calls";
import { ForecastPart_Source } from "./gen/gtm/forecasting/v1/resources";
import { ForecastingServiceClient, GetForecastRequest } from "./gen/gtm/forecasting/v1/service";
import { SignalStatus } from "./gen/gtm/growth/v1/resources";
import {
  GetRevenueMovementsRequest, GetSignalsRequest, GrowthServiceClient,
} from "./gen/gtm/growth/v1/service";
import { MatchRun_State } from "./gen/gtm/sponsorship/v1/resources";
import {
  GetCapacityRequest, GetMatchRunRequest, ProposeMatchesRequest, SponsorshipServiceClient,
} from "./gen/gtm/sponsorship/v1/service";
import {
  ListTargetsRequest, ListTargetsResponse, ScoreAccountRequest, TargetingServiceClient,
} from "./gen/gtm/targeting/v1/service";
import { TargetVerdict } from "./gen/gtm/targeting/v1/scores";
import { Sufficiency } from "./gen/gtm/type/v1/estimate";
import { Money } from "./gen/gtm/type/v1/money";
import { PlatformProcess } from "./platform_process";

let server: PlatformProcess;
const closing: { close(): void }[] = [];

before(async () => {
  server = await PlatformProcess.start();
  server.loadDemo();
});

after(async () => {
  closing.forEach((client) => client.close());
  await server.close();
});

function connect<Client extends { close(): void }>(
  Constructor: new (...parameters: ConstructorParameters<typeof TargetingServiceClient>) => Client) {
  const client = new Constructor(server.address, credentials.createInsecure(), CHANNEL_OPTIONS);
  closing.push(client);
  return client;
}

function micros(money: Money | undefined): bigint {
  return money!.units * 1_000_000n + BigInt(money!.nanos) / 1000n;
}

async function targetPages(pageSize: number): Promise<ListTargetsResponse[]> {
  const client = connect(TargetingServiceClient);
  const request = ListTargetsRequest.fromPartial({ pageSize });
  const pages: ListTargetsResponse[] = [];
  do {
    const page = await ask(client, client.listTargets, request);
    assert.ok(page.targets.length <= pageSize);
    pages.push(page);
    request.pageToken = page.nextPageToken;
  } while (request.pageToken);
  return pages;
}

test("ListTargets pages hold every account once, in order", async () => {
  const pages = await targetPages(37);
  assert.equal(pages.length, 9); // 300 accounts
  const targets = pages.flatMap((page) => page.targets);
  const ids = targets.map((target) => target.accountId);
  assert.equal(new Set(ids).size, 300);
  assert.equal(pages[0].totalCount, 300n);
  const priorities = targets.map((target) => target.priority!.micropoints);
  assert.deepEqual(priorities, [...priorities].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
  const [whole] = await targetPages(1000);
  assert.deepEqual(whole.targets.map((target) => target.accountId), ids);
  assert.equal(whole.verdictCounts.reduce((sum, count) => sum + count.accountCount, 0n), 300n);
});

test("ListTargets refuses the page token of another question", async () => {
  const client = connect(TargetingServiceClient);
  const page = await ask(client, client.listTargets, ListTargetsRequest.fromPartial({ pageSize: 5 }));
  const other = ListTargetsRequest.fromPartial(
    { pageSize: 5, prospectsOnly: true, pageToken: page.nextPageToken });
  assert.equal((await failure(ask(client, client.listTargets, other))).reason, "PAGE_TOKEN_INVALID");
});

test("ScoreAccount explains a score that its parts add up to", async () => {
  const client = connect(TargetingServiceClient);
  const [best] = (await targetPages(300))[0].targets;
  const answer = await ask(client, client.scoreAccount,
    ScoreAccountRequest.fromPartial({ accountId: best.accountId }));
  const fit = answer.score!.fit!;
  assert.equal(fit.parts.reduce((sum, part) => sum + part.micropoints, 0n), fit.micropoints);
  assert.equal(answer.score!.verdict, TargetVerdict.TARGET_VERDICT_TARGET);
});

test("ProposeMatches stays within everybody's capacity", async () => {
  const client = connect(SponsorshipServiceClient);
  const run = await ask(client, client.proposeMatches,
    ProposeMatchesRequest.fromPartial({ requestId: randomUUID() }));
  assert.equal(run.state, MatchRun_State.STATE_PROPOSED);
  assert.ok(run.pairs.length > 0);
  assert.equal(new Set(run.pairs.map((pair) => pair.contactId)).size, run.pairs.length);
  const capacity = await ask(client, client.getCapacity, GetCapacityRequest.fromPartial({}));
  for (const executive of capacity.capacities) {
    const pairs = run.pairs.filter((pair) => pair.executiveId === executive.executiveId);
    assert.ok(pairs.length <= executive.slotCount);
  }
  const again = await ask(client, client.getMatchRun, GetMatchRunRequest.fromPartial(
    { matchRunId: run.id }));
  assert.deepEqual(again, run);
});

test("GetForecast is a distribution of three sources", async () => {
  const client = connect(ForecastingServiceClient);
  const { forecast } = await ask(client, client.getForecast, GetForecastRequest.fromPartial({}));
  assert.equal(forecast!.sufficiency, Sufficiency.SUFFICIENCY_ENOUGH);
  const bookings = forecast!.bookings!;
  const quantiles = [bookings.p05, bookings.p10, bookings.p25, bookings.p50, bookings.p75,
    bookings.p90, bookings.p95].map(micros);
  quantiles.reduce((low, high) => (assert.ok(low <= high), high));
  assert.deepEqual(forecast!.parts.map((part) => part.source), [
    ForecastPart_Source.SOURCE_WON, ForecastPart_Source.SOURCE_OPEN,
    ForecastPart_Source.SOURCE_NEW]);
  const sum = forecast!.parts.reduce((total, part) => total + micros(part.bookings!.mean), 0n);
  const off = sum - micros(bookings.mean);
  assert.ok(off <= 1_000_000n && off >= -1_000_000n);
});

test("GetSignals tells five signals and three false ones", async () => {
  const client = connect(GrowthServiceClient);
  const { report } = await ask(client, client.getSignals, GetSignalsRequest.fromPartial({}));
  assert.equal(report!.signals.length, 5);
  assert.equal(report!.falseSignals.length, 3);
  for (const signal of [...report!.signals, ...report!.falseSignals]) {
    assert.notEqual(signal.status, SignalStatus.SIGNAL_STATUS_UNSPECIFIED);
  }
});

test("GetRevenueMovements sums to the change, to the micro", async () => {
  const client = connect(GrowthServiceClient);
  const answer = await ask(client, client.getRevenueMovements,
    GetRevenueMovementsRequest.fromPartial({ periodCount: 6 }));
  assert.equal(answer.movements.length, 6);
  for (const moved of answer.movements) {
    const parts = [moved.openingMrr, moved.newMrr, moved.reactivationMrr, moved.expansionMrr,
      moved.contractionMrr, moved.churnMrr].map(micros);
    assert.equal(parts.reduce((sum, part) => sum + part), micros(moved.closingMrr));
  }
});
