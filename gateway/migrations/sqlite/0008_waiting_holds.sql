-- What a hold that waits is recognised by after a restart; nothing once it is settled.
ALTER TABLE holds ADD COLUMN standing TEXT;
