// Says how far a minute or hour is rolled up, so that no row is read twice meanwhile.

export const FOLDING = `
-- Of the minute at minutes_folded_to_min (the hour at hours_folded_to_min) these rows are in its coarser rows already:
-- those of tables by an earlier key, in the order series_id, tag_series_id, request_series_id, and those by this key up
-- to this id. NULL = none of it is.
ALTER TABLE fold_state ADD COLUMN minute_folding_key TEXT;
ALTER TABLE fold_state ADD COLUMN minute_folding_up_to INTEGER;
ALTER TABLE fold_state ADD COLUMN hour_folding_key TEXT;
ALTER TABLE fold_state ADD COLUMN hour_folding_up_to INTEGER;
`;
