-- Floats do not compress: keep the bytes out of line as they are, which makes writing and reading an array faster.
ALTER TABLE "artifact_chunks" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;
