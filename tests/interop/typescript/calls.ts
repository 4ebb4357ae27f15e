/** What every TypeScript client of the platform wants: options, a promise, an error's details. */

import {
  CallOptions, ClientOptions, ClientUnaryCall, Metadata, ServiceError, status,
} from "@grpc/grpc-js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BadRequest, ErrorInfo, RetryInfo, Status } from "./gen/google/rpc/status_details";

export const TIMEOUT_MS = 20_000;

const SERVICE_CONFIG =
  readFileSync(join(process.env.GTM_PROTOS ?? "protos", "service_config.json"), "utf8");

/** The codes after which a call is sent again. */
export const RETRIED: string[] =
  JSON.parse(SERVICE_CONFIG).methodConfig[0].retryPolicy.retryableStatusCodes;

/** Options of a channel with the service config that the contract ships. */
export const CHANNEL_OPTIONS: ClientOptions = {
  "grpc.service_config": SERVICE_CONFIG,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
};

/** Of one call. Waiting: the call waits for a server that is not there yet. */
export interface CallSettings {
  timeoutMs?: number;
  waiting?: boolean;
  tenant?: string;
}

export function metadataOf(settings: CallSettings): Metadata {
  const metadata = new Metadata({ waitForReady: settings.waiting ?? false });
  if (settings.tenant) metadata.set("gtm-tenant", settings.tenant);
  return metadata;
}

type Unary<Request, Answer> = (
  request: Request, metadata: Metadata, options: Partial<CallOptions>,
  callback: (error: ServiceError | null, answer: Answer) => void) => ClientUnaryCall;

/** `ask(client, client.getHead, request)`: a unary call as a promise, always with a deadline. */
export function ask<Request, Answer>(
  client: object, method: Unary<Request, Answer>, request: Request,
  settings: CallSettings = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + (settings.timeoutMs ?? TIMEOUT_MS);
    method.call(client, request, metadataOf(settings), { deadline },
      (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

/** The rich details of a failed call. */
export interface Details {
  code: status;
  message: string;
  infos: ErrorInfo[];
  reason: string;
  values: Map<string, string>;
  violations: Map<string, string>;
  retryMs?: number;
}

export function detailsOf(error: ServiceError): Details {
  const bytes = error.metadata.get("grpc-status-details-bin")[0] as Buffer | undefined;
  const details: Details = {
    code: error.code, message: error.details, infos: [], reason: "", values: new Map(),
    violations: new Map(),
  };
  for (const { typeUrl, value } of bytes ? Status.decode(bytes).details : []) {
    switch (typeUrl) {
      case "type.googleapis.com/google.rpc.ErrorInfo":
        details.infos.push(ErrorInfo.decode(value));
        break;
      case "type.googleapis.com/google.rpc.BadRequest":
        for (const violation of BadRequest.decode(value).fieldViolations) {
          details.violations.set(violation.field, violation.description);
        }
        break;
      case "type.googleapis.com/google.rpc.RetryInfo": {
        const delay = RetryInfo.decode(value).retryDelay!;
        details.retryMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
        break;
      }
    }
  }
  if (details.infos.length > 0) {
    details.reason = details.infos[0].reason;
    details.values = new Map(Object.entries(details.infos[0].metadata));
  }
  return details;
}

/** The details of a call that must fail. */
export async function failure(answer: Promise<unknown>): Promise<Details> {
  let said: unknown;
  try {
    said = await answer;
  } catch (error) {
    return detailsOf(error as ServiceError);
  }
  throw new Error(`should have failed, but answered ${said}`);
}
