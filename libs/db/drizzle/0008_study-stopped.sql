ALTER TABLE "studies" ADD COLUMN "stopped" text;--> statement-breakpoint
UPDATE "studies" SET "stopped" = "report" ->> 'stopped' WHERE "report"::text LIKE '%"stopped":"%';
