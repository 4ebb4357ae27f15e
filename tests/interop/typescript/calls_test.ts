/** Errors, request ids, deadlines and retries, as a program sees them. */

import { credentials, Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { ask, CHANNEL_OPTIONS, Details, failure, metadataOf, RETRIED } from "./calls";
import { ErrorReason } from "./gen/gtm/errors/v1/error_reason";
import { ForecastingServiceClient, GetForecastRequest } from "./gen/gtm/forecasting/v1/service";
import { RecordKind } from "./gen/gtm/records/v1/record";
import {
  BatchCommitRequest, CommitRequest, GetHeadResponse, GetRequest, ListRequest, Mutation,
  Mutation_Mode, RecordsServiceClient, RecordsServiceService, WatchRequest,
} from "./gen/gtm/records/v1/service";
import { FiscalPeriod_Unit } from "./gen/gtm/type/v1/time";
import { PlatformProcess } from "./platform_process";

let server: PlatformProcess;
let records: RecordsServiceClient;
let forecasting: ForecastingServiceClient;

before(async () => {
  server = await PlatformProcess.start();
  records = new RecordsServiceClient(
    server.address, credentials.createInsecure(), CHANNEL_OPTIONS);
  forecasting = new ForecastingServiceClient(
    server.address, credentials.createInsecure(), CHANNEL_OPTIONS);
});

after(async () => {
  records.close();
  forecasting.close();
  await server.close();
});

function put(
  account: { id: string; displayName?: string; employeeCount?: bigint },
  rest: { mode?: Mutation_Mode; etag?: string } = {}): Mutation {
  return Mutation.fromPartial({
    operation: { $case: "put", value: { payload: { $case: "account", value: account } } }, ...rest,
  });
}

function commit(mutation: Mutation, requestId: string = randomUUID()): CommitRequest {
  return CommitRequest.fromPartial({ requestId, mutation });
}

function expect(failed: Details, code: status, reason: string, domain = "records.gtm"): void {
  assert.equal(failed.code, code);
  assert.deepEqual(failed.infos.map((info) => info.reason), [reason]);
  assert.equal(failed.infos[0].domain, domain);
  assert.ok(reason in ErrorReason);
  assert.ok(failed.message);
}

test("Errors name every invalid field", async () => {
  const request = BatchCommitRequest.fromPartial({
    requestId: randomUUID(),
    mutations: [put({ id: "fine" }), put({ id: "", employeeCount: -1n })],
  });
  const failed = await failure(ask(records, records.batchCommit, request));
  expect(failed, status.INVALID_ARGUMENT, "INVALID_FIELDS");
  assert.deepEqual([...failed.violations.keys()].sort(),
    ["mutations[1].put.account.employee_count", "mutations[1].put.account.id"]);
});

test("Errors name the field of a question", async () => {
  const request = GetForecastRequest.fromPartial(
    { period: { unit: FiscalPeriod_Unit.UNIT_QUARTER, fiscalYear: 2026, index: 5 } });
  const failed = await failure(ask(forecasting, forecasting.getForecast, request));
  expect(failed, status.INVALID_ARGUMENT, "INVALID_FIELDS", "forecasting.gtm");
  assert.deepEqual([...failed.violations.keys()], ["period.index"]);
});

test("Errors carry the values involved", async () => {
  const request = GetRequest.fromPartial(
    { key: { kind: RecordKind.RECORD_KIND_CONTACT, id: "nobody" } });
  const failed = await failure(ask(records, records.get, request));
  expect(failed, status.NOT_FOUND, "RECORD_NOT_FOUND");
  assert.deepEqual(Object.fromEntries(failed.values), { kind: "contact", id: "nobody" });
});

test("Errors tell both etags of a lost race", async () => {
  const first = await ask(records, records.commit, commit(put({ id: "raced", displayName: "1" })));
  const { etag } = first.result!.record!.payload!.value;
  await ask(records, records.commit, commit(put({ id: "raced", displayName: "2" }, { etag })));
  const failed = await failure(
    ask(records, records.commit, commit(put({ id: "raced", displayName: "3" }, { etag }))));
  expect(failed, status.ABORTED, "ETAG_MISMATCH");
  assert.equal(failed.values.get("expected"), etag);
  assert.notEqual(failed.values.get("etag"), etag);
});

test("Errors do not tell of another tenant", async () => {
  await ask(records, records.commit, commit(put({ id: "ours" })));
  const request = GetRequest.fromPartial(
    { key: { kind: RecordKind.RECORD_KIND_ACCOUNT, id: "ours" } });
  const failed = await failure(ask(records, records.get, request, { tenant: "another" }));
  expect(failed, status.NOT_FOUND, "RECORD_NOT_FOUND");
});

test("Request ids act once", async () => {
  const request = commit(put({ id: "once" }, { mode: Mutation_Mode.MODE_CREATE }));
  const first = await ask(records, records.commit, request);
  assert.deepEqual(await ask(records, records.commit, request), first);
  const fresh = await failure(ask(records, records.commit, commit(request.mutation!)));
  assert.equal(fresh.reason, "RECORD_EXISTS");
  const other = await failure(
    ask(records, records.commit, commit(put({ id: "twice" }), request.requestId)));
  expect(other, status.INVALID_ARGUMENT, "REQUEST_ID_REUSED");
});

test("Deadlines end a call that waits", async () => {
  const { revision } = await ask(records, records.getHead, {});
  const [epoch, sequence] = revision.split(":");
  const request = GetForecastRequest.fromPartial(
    { point: { minRevision: `${epoch}:${Number(sequence) + 1}` } });
  const failed = await failure(
    ask(forecasting, forecasting.getForecast, request, { timeoutMs: 1000 }));
  assert.equal(failed.code, status.DEADLINE_EXCEEDED);
});

test("Deadlines end a watch", async () => {
  const call = records.watch(
    WatchRequest.fromPartial({}), metadataOf({}), { deadline: Date.now() + 1000 });
  const failed = await failure((async () => {
    for await (const part of call) assert.ok(part);
  })());
  assert.equal(failed.code, status.DEADLINE_EXCEEDED);
});

/** Calls a server that fails with these codes, one a call. When it was called, and last code. */
async function callMoody(codes: status[], pushbackMs?: number): Promise<[number[], status]> {
  const times: number[] = [];
  const moody = new Server();
  const refuse = (_: unknown, callback: (error: { code: status; details: string }) => void) =>
    callback({ code: status.UNIMPLEMENTED, details: "" });
  const methods = Object.fromEntries(
    Object.keys(RecordsServiceService).map((name) => [name, refuse]));
  moody.addService(RecordsServiceService as never, {
    ...methods,
    getHead: (_: unknown, callback: (error: object | null, answer?: GetHeadResponse) => void) => {
      const code = codes[times.length];
      times.push(Date.now());
      const metadata = new Metadata();
      if (pushbackMs !== undefined) metadata.set("grpc-retry-pushback-ms", String(pushbackMs));
      if (code) callback({ code, details: "in a bad mood", metadata });
      else callback(null, GetHeadResponse.fromPartial({ revision: "e1:1" }));
    },
  } as never);
  const port = await new Promise<number>((resolve, reject) => moody.bindAsync(
    "127.0.0.1:0", ServerCredentials.createInsecure(),
    (error, bound) => (error ? reject(error) : resolve(bound))));
  const client = new RecordsServiceClient(
    `127.0.0.1:${port}`, credentials.createInsecure(), CHANNEL_OPTIONS);
  try {
    await ask(client, client.getHead, {});
    return [times, status.OK];
  } catch (error) {
    return [times, (error as { code: status }).code];
  } finally {
    client.close();
    moody.forceShutdown();
  }
}

test("Retries happen on UNAVAILABLE", async () => {
  const [times, code] = await callMoody([status.UNAVAILABLE, status.UNAVAILABLE]);
  assert.deepEqual([times.length, code], [3, status.OK]);
});

test("Retries end", async () => {
  const [times, code] = await callMoody(Array(9).fill(status.UNAVAILABLE));
  assert.deepEqual([times.length, code], [4, status.UNAVAILABLE]);
});

test("Retries happen on nothing that could have acted", async () => {
  for (const code of [status.INTERNAL, status.ABORTED, status.UNKNOWN, status.NOT_FOUND,
    status.DEADLINE_EXCEEDED]) {
    const [times, last] = await callMoody([code]);
    assert.deepEqual([times.length, last], [1, code]);
  }
});

test("Retries happen when the server says, or not at all", async () => {
  for (const name of RETRIED) {
    const code = status[name as keyof typeof status];
    const [times, last] = await callMoody([code], 400);
    assert.deepEqual([times.length, last], [2, status.OK]);
    assert.ok(times[1] - times[0] >= 390);
    const [refused, lastRefused] = await callMoody([code], -1);
    assert.deepEqual([refused.length, lastRefused], [1, code]);
  }
});

test("A call waits for a server that restarts", async () => {
  await server.kill();
  const answering = ask(records, records.list,
    ListRequest.fromPartial({ kind: RecordKind.RECORD_KIND_ACCOUNT }), { waiting: true });
  await server.start();
  assert.ok((await answering).records.length > 0);
});
