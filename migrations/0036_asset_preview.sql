-- 0036_asset_preview: the first rows of each version of an asset that asks for it. Safe for: older code, which writes none of it.

alter table asset add column preview_rows int;      -- null = none is kept
alter table asset_version add column sample jsonb;  -- core/assets/asset-version.ts
