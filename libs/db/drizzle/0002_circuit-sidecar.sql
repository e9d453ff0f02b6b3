ALTER TABLE "circuits" ADD COLUMN "sidecar" json;--> statement-breakpoint
ALTER TABLE "circuits" ADD COLUMN "in_circuit_artifact_id" text;--> statement-breakpoint
ALTER TABLE "circuits" ADD CONSTRAINT "circuits_in_circuit_artifact_id_artifacts_id_fk" FOREIGN KEY ("in_circuit_artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "circuits_in_circuit_artifact" ON "circuits" USING btree ("in_circuit_artifact_id");