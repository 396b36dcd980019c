-- Rolled up attempts by whose faults the provider was blamed, and for which this one
-- stands: of the same task, at the same provider. The blame can be taken back.
ALTER TABLE attempts ADD COLUMN blames INTEGER;
