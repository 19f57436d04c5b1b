-- 0038_asset_previews: first rows are kept unless an asset says otherwise. Safe for: older code, which keeps none of assets without preview_rows.

-- asset.preview_rows: null = the first rows of the newest versions, 0 = none, else of each version.
create index asset_version_sampled on asset_version (asset_id, version_id desc) where sample is not null;
