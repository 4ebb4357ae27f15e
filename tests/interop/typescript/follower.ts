/** How a program keeps a copy of records current: list, then watch, for ever. */

import { ClientReadableStream, ServiceError, status } from "@grpc/grpc-js";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, metadataOf } from "./calls";
import { Record, RecordKind } from "./gen/gtm/records/v1/record";
import {
  Change, Change_Operation, ListRequest, RecordsServiceClient, WatchRequest, WatchResponse,
} from "./gen/gtm/records/v1/service";

const RETRY_MS = 100;
const RESUMABLE = [
  status.UNAVAILABLE, // the server went away
  status.RESOURCE_EXHAUSTED, // WATCHER_TOO_SLOW
  status.CANCELLED, // not by us: it reached a server that was just ending
];

export function keyOf(record: Record): string {
  return `${record.payload!.$case}/${record.payload!.value.id}`;
}

/**
 * A copy of all records of some kinds. Each change is applied once, in order. What changed
 * since the last listing is in `changes`.
 */
export class Follower {
  copy = new Map<string, Record>();
  changes: Change[] = [];
  revision = "";
  listCount = 0;
  watchCount = 0;
  private failure?: unknown;
  private call?: ClientReadableStream<WatchResponse>;
  private stopping = false;

  constructor(
    private readonly client: RecordsServiceClient, private readonly kinds: RecordKind[],
    private readonly retryMs = RETRY_MS) {}

  /** Everything as it is, and the revision from which the changes are missing. */
  async list(): Promise<void> {
    const copy = new Map<string, Record>();
    let firstRevision = "";
    for (const kind of this.kinds) {
      const request = ListRequest.fromPartial({ kind, pageSize: 1000 });
      do {
        const page = await ask(this.client, this.client.list, request, { waiting: true });
        firstRevision ||= page.revision;
        for (const record of page.records) copy.set(keyOf(record), record);
        request.pageToken = page.nextPageToken;
      } while (request.pageToken);
    }
    this.copy = copy;
    this.changes = [];
    this.revision = firstRevision;
    this.listCount += 1;
  }

  private async watch(): Promise<void> {
    this.watchCount += 1;
    const request = WatchRequest.fromPartial({ revision: this.revision, kinds: this.kinds });
    this.call = this.client.watch(request, metadataOf({ waiting: true }));
    let arrived: Change[] = []; // of a revision that has not arrived whole
    for await (const part of this.call as AsyncIterable<WatchResponse>) {
      arrived.push(...part.changes);
      if (!part.revision) continue;
      for (const change of arrived) {
        if (change.operation === Change_Operation.OPERATION_DELETE) {
          this.copy.delete(keyOf(change.record!));
        } else {
          this.copy.set(keyOf(change.record!), change.record!);
        }
      }
      this.changes.push(...arrived);
      this.revision = part.revision;
      arrived = [];
    }
  }

  /** Until `close`, or an error that cannot be resumed from. */
  async run(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.watch();
      } catch (error) {
        if (this.stopping) return;
        const { code } = error as ServiceError;
        try {
          if (code === status.OUT_OF_RANGE) await this.list();
          else if (!RESUMABLE.includes(code)) throw error;
        } catch (fatal) {
          this.failure = fatal;
          return;
        }
      }
      await sleep(this.retryMs);
    }
  }

  async waitFor(revision: string, milliseconds = 20_000): Promise<void> {
    const end = Date.now() + milliseconds;
    while (this.revision !== revision) {
      if (this.failure) throw this.failure;
      if (Date.now() > end) throw new Error(`${revision} not reached; at ${this.revision}`);
      await sleep(10);
    }
  }

  close(): void {
    this.stopping = true;
    this.call?.cancel();
    this.client.close();
  }
}
