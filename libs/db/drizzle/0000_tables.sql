CREATE TABLE "api_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"token_sha256" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "api_tokens_token_sha256_unique" UNIQUE("token_sha256")
);
--> statement-breakpoint
CREATE TABLE "artifact_chunks" (
	"artifact_id" text NOT NULL,
	"index" integer NOT NULL,
	"bytes" "bytea" NOT NULL,
	CONSTRAINT "artifact_chunks_artifact_id_index_pk" PRIMARY KEY("artifact_id","index")
);
--> statement-breakpoint
CREATE TABLE "artifacts" (
	"id" text PRIMARY KEY NOT NULL,
	"experiment_id" text,
	"shard_id" text,
	"name" text NOT NULL,
	"shape" integer[] NOT NULL,
	"dtype" text NOT NULL,
	"byte_length" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "circuit_edges" (
	"circuit_id" text NOT NULL,
	"rank" integer NOT NULL,
	"score" real NOT NULL,
	"sender" text NOT NULL,
	"receiver" text NOT NULL,
	"port" text NOT NULL,
	"sender_kind" text NOT NULL,
	"sender_layer" integer,
	"sender_head" integer,
	"receiver_kind" text NOT NULL,
	"receiver_layer" integer,
	"receiver_head" integer,
	CONSTRAINT "circuit_edges_circuit_id_rank_pk" PRIMARY KEY("circuit_id","rank")
);
--> statement-breakpoint
CREATE TABLE "circuits" (
	"id" text PRIMARY KEY NOT NULL,
	"experiment_id" text,
	"name" text NOT NULL,
	"senders" text[] NOT NULL,
	"receivers" text[] NOT NULL,
	"edge_count" integer NOT NULL,
	"scores_artifact_id" text NOT NULL,
	"mask_artifact_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "completions" (
	"experiment_id" text NOT NULL,
	"coefficient_index" integer NOT NULL,
	"pair_index" integer NOT NULL,
	"coefficient" double precision,
	"tokens" integer[] NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "completions_experiment_id_coefficient_index_pair_index_pk" PRIMARY KEY("experiment_id","coefficient_index","pair_index")
);
--> statement-breakpoint
CREATE TABLE "data_sets" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"pair_count" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "data_sets_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "pairs" (
	"id" text PRIMARY KEY NOT NULL,
	"data_set_id" text NOT NULL,
	"index" integer NOT NULL,
	"clean" json NOT NULL,
	"corrupted" json NOT NULL,
	"answer" json NOT NULL,
	"distractor" json NOT NULL
);
--> statement-breakpoint
CREATE TABLE "directions" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"experiment_id" text,
	"artifact_id" text NOT NULL,
	"model" text NOT NULL,
	"layer" integer NOT NULL,
	"position" integer NOT NULL,
	"record" json,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "directions_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "experiments" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"spec" json NOT NULL,
	"spec_hash" text NOT NULL,
	"model" text NOT NULL,
	"model_id" text,
	"data_set" text,
	"data_set_id" text,
	"status" text DEFAULT 'QUEUED' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"progress" json,
	"error" json,
	"result" json,
	"record" json,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"source_path" text NOT NULL,
	"format" text NOT NULL,
	"family" text NOT NULL,
	"config" json NOT NULL,
	"weights_sha256" text,
	"tokenizer_sha256" text,
	"chat_template_sha256" text,
	"revision" text,
	"dtype" text,
	"record" json,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "models_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "shards" (
	"id" text PRIMARY KEY NOT NULL,
	"experiment_id" text NOT NULL,
	"index" integer NOT NULL,
	"status" text NOT NULL,
	"result" json,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "artifact_chunks" ADD CONSTRAINT "artifact_chunks_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_experiment_id_experiments_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_shard_id_shards_id_fk" FOREIGN KEY ("shard_id") REFERENCES "public"."shards"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuit_edges" ADD CONSTRAINT "circuit_edges_circuit_id_circuits_id_fk" FOREIGN KEY ("circuit_id") REFERENCES "public"."circuits"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuits" ADD CONSTRAINT "circuits_experiment_id_experiments_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuits" ADD CONSTRAINT "circuits_scores_artifact_id_artifacts_id_fk" FOREIGN KEY ("scores_artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "circuits" ADD CONSTRAINT "circuits_mask_artifact_id_artifacts_id_fk" FOREIGN KEY ("mask_artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "completions" ADD CONSTRAINT "completions_experiment_id_experiments_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pairs" ADD CONSTRAINT "pairs_data_set_id_data_sets_id_fk" FOREIGN KEY ("data_set_id") REFERENCES "public"."data_sets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "directions" ADD CONSTRAINT "directions_experiment_id_experiments_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "directions" ADD CONSTRAINT "directions_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_data_set_id_data_sets_id_fk" FOREIGN KEY ("data_set_id") REFERENCES "public"."data_sets"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shards" ADD CONSTRAINT "shards_experiment_id_experiments_id_fk" FOREIGN KEY ("experiment_id") REFERENCES "public"."experiments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "artifacts_experiment_name" ON "artifacts" USING btree ("experiment_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "artifacts_shard_name" ON "artifacts" USING btree ("shard_id","name");--> statement-breakpoint
CREATE INDEX "circuit_edges_sender" ON "circuit_edges" USING btree ("sender","rank");--> statement-breakpoint
CREATE INDEX "circuit_edges_receiver" ON "circuit_edges" USING btree ("receiver","port","rank");--> statement-breakpoint
CREATE UNIQUE INDEX "circuits_experiment" ON "circuits" USING btree ("experiment_id");--> statement-breakpoint
CREATE INDEX "circuits_scores_artifact" ON "circuits" USING btree ("scores_artifact_id");--> statement-breakpoint
CREATE INDEX "circuits_mask_artifact" ON "circuits" USING btree ("mask_artifact_id");--> statement-breakpoint
CREATE UNIQUE INDEX "pairs_data_set_index" ON "pairs" USING btree ("data_set_id","index");--> statement-breakpoint
CREATE INDEX "directions_experiment" ON "directions" USING btree ("experiment_id");--> statement-breakpoint
CREATE INDEX "directions_artifact" ON "directions" USING btree ("artifact_id");--> statement-breakpoint
CREATE INDEX "experiments_status" ON "experiments" USING btree ("status","id");--> statement-breakpoint
CREATE INDEX "experiments_model" ON "experiments" USING btree ("model","id");--> statement-breakpoint
CREATE INDEX "experiments_data_set" ON "experiments" USING btree ("data_set","id");--> statement-breakpoint
CREATE INDEX "experiments_kind" ON "experiments" USING btree ("kind","id");--> statement-breakpoint
CREATE INDEX "experiments_spec_hash" ON "experiments" USING btree ("spec_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "shards_experiment_index" ON "shards" USING btree ("experiment_id","index");