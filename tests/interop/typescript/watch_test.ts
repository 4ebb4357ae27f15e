/** A follower misses nothing and sees nothing twice, whatever happens to the server. */

import { credentials, ServiceError, status } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { ask, CHANNEL_OPTIONS, failure, metadataOf } from "./calls";
import { Follower } from "./follower";
import { RecordKind } from "./gen/gtm/records/v1/record";
import {
  Change_Operation, CommitRequest, Mutation_Mode, RecordsServiceClient, WatchRequest,
} from "./gen/gtm/records/v1/service";
import { PlatformProcess } from "./platform_process";

const COUNT = 300;
const KILL_AT = [100, 200];
/** After a crash the follower is away for so long, while more is written. */
const AWAY_MS = 300;

let server: PlatformProcess;
let records: RecordsServiceClient;
let followers: Follower[];

function connect(): RecordsServiceClient {
  return new RecordsServiceClient(server.address, credentials.createInsecure(), {
    ...CHANNEL_OPTIONS, "grpc.use_local_subchannel_pool": 1,
  });
}

beforeEach(async () => {
  server = await PlatformProcess.start();
  records = connect();
  followers = [];
});

afterEach(async () => {
  followers.forEach((follower) => follower.close());
  records.close();
  await server.close();
});

async function follow(): Promise<Follower> {
  const follower = new Follower(connect(), [RecordKind.RECORD_KIND_ACCOUNT], AWAY_MS);
  followers.push(follower);
  await follower.list();
  void follower.run();
  return follower;
}

function idOf(number: number): string {
  return `watched-${String(number).padStart(4, "0")}`;
}

/** Once for sure: the same request id until somebody answers. Returns the revision. */
async function commit(number: number): Promise<string> {
  const request = CommitRequest.fromPartial({
    requestId: randomUUID(),
    mutation: {
      operation: {
        $case: "put",
        value: { payload: { $case: "account", value: { id: idOf(number) } } },
      },
      mode: Mutation_Mode.MODE_CREATE,
    },
  });
  for (let attempt = 0; attempt < 100; ++attempt) {
    try {
      return (await ask(records, records.commit, request, { waiting: true })).revision;
    } catch (error) {
      if ((error as ServiceError).code !== status.UNAVAILABLE) throw error;
    }
  }
  throw new Error("the server does not come back");
}

test("Watch survives crashes of the server", async () => {
  const follower = await follow();
  let last = "";
  for (let number = 0; number < COUNT; ++number) {
    let crash: Promise<void> | undefined;
    if (KILL_AT.includes(number)) {
      await follower.waitFor(last);
      // While the commit below is on its way.
      crash = server.kill().then(() => server.start());
    }
    last = await commit(number);
    await crash;
  }
  await follower.waitFor(last);
  const changes = follower.changes;
  assert.deepEqual(
    changes.map((change) => change.record?.payload?.value.id),
    Array.from({ length: COUNT }, (_, number) => idOf(number)));
  assert.ok(changes.every((change) => change.operation === Change_Operation.OPERATION_CREATE));
  assert.equal(new Set(changes.map((change) => change.revision)).size, COUNT);
  assert.equal(follower.listCount, 1);
  assert.ok(follower.watchCount > KILL_AT.length);
});

test("Watch survives an orderly restart", async () => {
  const follower = await follow();
  await commit(1);
  await server.stop();
  await server.start();
  await follower.waitFor(await commit(2));
  assert.deepEqual(follower.changes.map((change) => change.record?.payload?.value.id),
    [idOf(1), idOf(2)]);
});

test("Watch lists again where history is another", async () => {
  const follower = await follow();
  let last = "";
  for (let number = 0; number < 3; ++number) last = await commit(number);
  await follower.waitFor(last);
  await server.kill();
  server.forget();
  await server.start();
  for (let number = 10; number < 15; ++number) last = await commit(number);
  await follower.waitFor(last);
  assert.equal(follower.listCount, 2);
  assert.deepEqual([...follower.copy.keys()].sort(),
    Array.from({ length: 5 }, (_, number) => `account/${idOf(10 + number)}`));
});

test("Watch says that history is another", async () => {
  await commit(1);
  const call = records.watch(
    WatchRequest.fromPartial({ revision: "0123456789abc:1" }), metadataOf({}));
  const failed = await failure((async () => {
    for await (const part of call) assert.fail(`answered ${part}`);
  })());
  assert.equal(failed.code, status.OUT_OF_RANGE);
  assert.equal(failed.reason, "EPOCH_CHANGED");
  const head = await ask(records, records.getHead, {});
  assert.equal(failed.values.get("epoch"), head.revision.split(":")[0]);
});
