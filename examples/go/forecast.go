package main // Keeps a forecast of a fiscal quarter: forecast YEAR QUARTER UUID

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	forecasting "example.com/forecast/gen/gtm/forecasting/v1"
	types "example.com/forecast/gen/gtm/type/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // the service config asks for the server's health
	"google.golang.org/grpc/status"
)

func main() {
	forecast := forecasting.GetForecastRequest{Period: &types.FiscalPeriod{Unit: types.FiscalPeriod_UNIT_QUARTER}}
	fmt.Sscan(os.Args[1]+" "+os.Args[2], &forecast.Period.FiscalYear, &forecast.Period.Index)
	request := forecasting.CommitForecastEditionRequest{RequestId: os.Args[3], Forecast: &forecast} // acts once
	retries, _ := os.ReadFile("protos/service_config.json")
	channel, _ := grpc.Dial(os.Getenv("GTM_ADDRESS"), grpc.WithDefaultServiceConfig(string(retries)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	soon, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	edition, err := forecasting.NewForecastingServiceClient(channel).CommitForecastEdition(soon, &request)
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			fmt.Println(info.Reason)
		} else if invalid, ok := detail.(*errdetails.BadRequest); ok {
			fmt.Println(invalid.FieldViolations)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("P50", edition.Forecast.Bookings.P50.Units, edition.Forecast.Bookings.P50.CurrencyCode)
}
