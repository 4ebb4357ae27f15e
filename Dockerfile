# The platform's image: all binaries, the libraries that they load, nothing else.
#   docker build -t gtm:0.1.0 .
# For a build that can be repeated, name the base by digest: --build-arg BASE=debian:12@sha256:...
ARG BASE=debian:12

FROM ${BASE} AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      binutils ca-certificates cmake g++ libabsl-dev libboost-dev libcli11-dev libeigen3-dev \
      libfmt-dev libgrpc++-dev libpq-dev libprotobuf-dev libspdlog-dev libsqlite3-dev libssl-dev \
      libtomlplusplus-dev ninja-build nlohmann-json3-dev pkg-config prometheus-cpp-dev \
      protobuf-compiler protobuf-compiler-grpc tzdata && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY CMakeLists.txt ./
COPY common common
COPY protos protos
COPY services services
RUN cmake -G Ninja -B /build -DCMAKE_BUILD_TYPE=Release -DGTM_BUILD_TESTS=OFF && \
    ninja -C /build gtm gtm-records gtm-targeting gtm-sponsorship gtm-forecasting gtm-growth
COPY k8s/image/assemble k8s/image/assemble
RUN k8s/image/assemble /build/bin /image

FROM scratch
COPY --from=build /image/ /
USER 65532:65532
WORKDIR /var/lib/gtm
# gRPC, metrics, health.
EXPOSE 7700 7701 7702
# Each service has its own binary: `command: [/usr/bin/gtm-records]`.
ENTRYPOINT ["/usr/bin/gtm"]
