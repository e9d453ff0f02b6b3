CREATE TABLE "model_checks" (
	"id" text PRIMARY KEY NOT NULL,
	"model_id" text NOT NULL,
	"status" text DEFAULT 'QUEUED' NOT NULL,
	"progress" json,
	"error" json,
	"passed" boolean,
	"backend" text,
	"backend_version" text,
	"version" text,
	"weights_sha256" text,
	"results" json,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "model_checks" ADD CONSTRAINT "model_checks_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "model_checks_model" ON "model_checks" USING btree ("model_id","id");