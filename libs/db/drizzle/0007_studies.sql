CREATE TABLE "studies" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"model" text NOT NULL,
	"model_id" text,
	"data_set" text NOT NULL,
	"data_set_id" text,
	"options" json NOT NULL,
	"hash" text NOT NULL,
	"status" text DEFAULT 'QUEUED' NOT NULL,
	"progress" json,
	"error" json,
	"report" json,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "study_steps" (
	"study_id" text NOT NULL,
	"index" integer NOT NULL,
	"name" text NOT NULL,
	"title" text NOT NULL,
	"experiment_id" text NOT NULL,
	CONSTRAINT "study_steps_study_id_index_pk" PRIMARY KEY("study_id","index")
);
--> statement-breakpoint
ALTER TABLE "studies" ADD CONSTRAINT "studies_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "studies" ADD CONSTRAINT "studies_data_set_id_data_sets_id_fk" FOREIGN KEY ("data_set_id") REFERENCES "public"."data_sets"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study_steps" ADD CONSTRAINT "study_steps_study_id_studies_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."studies"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "study_steps" ADD CONSTRAINT "study_steps_experiment_id_experiments_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "studies_status" ON "studies" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "studies_hash" ON "studies" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "study_steps_experiment" ON "study_steps" USING btree ("experiment_id");