// Keeps a forecast of a fiscal quarter: node forecast.js YEAR QUARTER
import { credentials, Metadata, status } from "@grpc/grpc-js";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { BadRequest, ErrorInfo, Status } from "./gen/google/rpc/status_details";
import { CommitForecastEditionRequest, ForecastingServiceClient } from "./gen/gtm/forecasting/v1/service";
import { FiscalPeriod_Unit } from "./gen/gtm/type/v1/time";

const [fiscalYear, index] = process.argv.slice(2).map(Number);
const request = CommitForecastEditionRequest.fromPartial({
  requestId: randomUUID(), // sent again after a timeout, the same request acts once
  forecast: { period: { unit: FiscalPeriod_Unit.UNIT_QUARTER, fiscalYear, index } },
});

const forecasting = new ForecastingServiceClient(
  process.env.GTM_ADDRESS ?? "127.0.0.1:7700", credentials.createInsecure(),
  { "grpc.service_config": readFileSync("protos/service_config.json", "utf8") });
const deadline = Date.now() + 5000;
forecasting.commitForecastEdition(request, new Metadata(), { deadline }, (error, edition) => {
  forecasting.close();
  if (error) {
    console.log(status[error.code]);
    const [details] = error.metadata.get("grpc-status-details-bin"); // absent: nobody answered
    for (const { typeUrl, value } of details ? Status.decode(details as Buffer).details : []) {
      if (typeUrl.endsWith("/google.rpc.ErrorInfo")) console.log(ErrorInfo.decode(value).reason);
      if (!typeUrl.endsWith("/google.rpc.BadRequest")) continue;
      for (const { field, description } of BadRequest.decode(value).fieldViolations) {
        console.log(`${field}: ${description}`);
      }
    }
    process.exit(1);
  }
  const { p10, p50, p90 } = edition.forecast!.bookings!;
  for (const [name, money] of Object.entries({ P10: p10!, P50: p50!, P90: p90! })) {
    console.log(name, String(money.units), money.currencyCode);
  }
});
