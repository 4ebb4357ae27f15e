-- When regular work such as a backup last succeeded. Tenant '' stands for the whole store.
CREATE TABLE job_run (
  tenant_id {id} NOT NULL,
  job {id} NOT NULL,
  success_time_us BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, job)
) {clustered};
