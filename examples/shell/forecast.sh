# Asks without the contract: the server tells what there is. forecast.sh YEAR QUARTER
address=${GTM_ADDRESS:-127.0.0.1:7700}
grpcurl -plaintext "$address" list gtm.forecasting.v1.ForecastingService
grpcurl -plaintext "$address" describe gtm.forecasting.v1.GetForecastRequest
grpcurl -plaintext -max-time 5 -d "{\"period\": {\"unit\": \"UNIT_QUARTER\", \"fiscal_year\": $1, \"index\": $2}}" \
  "$address" gtm.forecasting.v1.ForecastingService/GetForecast
