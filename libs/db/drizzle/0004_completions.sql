ALTER TABLE "completions" ALTER COLUMN "text" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "completions" ADD COLUMN "finish" text NOT NULL;