-- Where the example DAGs load their data (connection "warehouse"); run once, when the volume is made.
create database warehouse;
