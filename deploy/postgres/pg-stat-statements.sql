-- Run once, when docker-compose.yml makes its database: `pgwitness reconcile` compares with this extension.
CREATE EXTENSION pg_stat_statements;
