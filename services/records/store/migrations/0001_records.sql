-- The log of changes, the index of current records and the remembered requests.
-- {id} is text compared by bytes, {bytes} is a byte string, {clustered} keeps a table in
-- the order of its key where the engine needs to be told.

-- One row a tenant, and one with an empty name that holds the epoch of tenants to come.
-- Its lock puts the writes of a tenant in order.
CREATE TABLE tenant_head (
  tenant_id {id} NOT NULL,
  epoch {id} NOT NULL,
  seq BIGINT NOT NULL,
  compacted_seq BIGINT NOT NULL,
  commit_time_us BIGINT NOT NULL,
  compacted_time_us BIGINT NOT NULL,
  PRIMARY KEY (tenant_id)
) {clustered};

-- Where the current version of each record lies in the log.
CREATE TABLE object (
  tenant_id {id} NOT NULL,
  kind BIGINT NOT NULL,
  id {id} NOT NULL,
  seq BIGINT NOT NULL,
  ord BIGINT NOT NULL,
  digest {bytes} NOT NULL,
  create_time_us BIGINT NOT NULL,
  update_time_us BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, kind, id)
) {clustered};

-- All versions: the one place with bodies.
CREATE TABLE change_log (
  tenant_id {id} NOT NULL,
  seq BIGINT NOT NULL,
  ord BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  id {id} NOT NULL,
  op BIGINT NOT NULL,
  body {bytes} NOT NULL,
  actor {id} NOT NULL,
  request_id {id} NOT NULL,
  create_time_us BIGINT NOT NULL,
  committed_at_us BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, seq, ord)
) {clustered};

CREATE INDEX change_log_by_record ON change_log (tenant_id, kind, id, seq);

-- Requests and their answers.
CREATE TABLE request_log (
  tenant_id {id} NOT NULL,
  request_id {id} NOT NULL,
  method {id} NOT NULL,
  fingerprint {bytes} NOT NULL,
  response {bytes} NOT NULL,
  expires_at_us BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, request_id)
) {clustered};

CREATE INDEX request_log_by_expiry ON request_log (expires_at_us, tenant_id, request_id);
