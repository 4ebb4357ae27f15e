-- Two roles: who owns the schema (migrations), and who reads and writes rows (gtm-records and the
-- backup, which notes its time in the store). Variables: owner_password, app_password.
CREATE ROLE gtm_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE gtm_app LOGIN PASSWORD :'app_password';
CREATE DATABASE gtm OWNER gtm_owner;
\connect gtm
REVOKE ALL ON DATABASE gtm FROM PUBLIC;
GRANT CONNECT ON DATABASE gtm TO gtm_app;
-- What migrations make from now on.
ALTER DEFAULT PRIVILEGES FOR ROLE gtm_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gtm_app;
