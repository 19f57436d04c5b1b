-- 0026_parsed_file: what a DAG file was like when it was last parsed, so that a restart parses only what changed. Safe for: any version
-- (a new table; whoever does not know it parses everything again). Losing its rows costs one parse of each file.

create table parsed_file (
  bundle_name  text not null,
  file_path    text not null,                     -- relative to the folder of its bundle
  inputs_hash  text not null,                     -- sha256 over the contents of all files that went in, hex
  parsed_by    text not null,                     -- sha256 over what else decides the result: sdk, limits, defaults, plugins
  inputs       jsonb not null,                    -- absolute paths of the files that went in
  dag_ids      text[] not null,
  primary key (bundle_name, file_path)
);
