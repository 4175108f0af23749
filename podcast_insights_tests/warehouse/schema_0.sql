-- A warehouse of schema 0, as released before `feeds_as_served`. Frozen: never change it.
CREATE TABLE "feeds" (
  "feed_id" VARCHAR NOT NULL,
  "snapshot_on" DATE NOT NULL,
  "show_title" VARCHAR,
  "feed_url" VARCHAR NOT NULL,
  "status" VARCHAR NOT NULL,
  "error" VARCHAR,
  "fetched_at" TIMESTAMPTZ NOT NULL,
  "content_sha256" VARCHAR,
  "item_count" BIGINT
);
COMMENT ON TABLE "feeds" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "feeds"."feed_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "feeds"."snapshot_on" IS 'What it meant in schema 0.';
CREATE TABLE "episodes" (
  "episode_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "status" VARCHAR NOT NULL,
  "error" VARCHAR,
  "duplicate_of" VARCHAR,
  "feed_id" VARCHAR NOT NULL,
  "source_feed_ids" VARCHAR[] NOT NULL,
  "show_title" VARCHAR NOT NULL,
  "title" VARCHAR NOT NULL,
  "description" VARCHAR NOT NULL,
  "guid" VARCHAR,
  "link" VARCHAR,
  "published_at" TIMESTAMPTZ,
  "date_source" VARCHAR NOT NULL,
  "enclosure_url" VARCHAR,
  "enclosure_type" VARCHAR,
  "enclosure_bytes" BIGINT,
  "claimed_duration_s" DOUBLE,
  "transcript_url" VARCHAR,
  "transcript_type" VARCHAR,
  "persons" VARCHAR[] NOT NULL
);
COMMENT ON TABLE "episodes" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "episodes"."episode_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "episodes"."published_on" IS 'What it meant in schema 0.';
CREATE TABLE "transcripts" (
  "episode_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "status" VARCHAR NOT NULL,
  "error" VARCHAR,
  "source" VARCHAR,
  "source_reason" VARCHAR,
  "audio_sha256" VARCHAR,
  "audio_bytes" BIGINT,
  "duration_s" DOUBLE,
  "language" VARCHAR,
  "model" VARCHAR,
  "model_revision" VARCHAR,
  "options" VARCHAR,
  "device" VARCHAR,
  "compute_type" VARCHAR,
  "real_time_factor" DOUBLE,
  "words" BIGINT,
  "text" VARCHAR,
  "segments" STRUCT("start_s" DOUBLE, "end_s" DOUBLE, "text" VARCHAR, "speaker" VARCHAR)[] NOT NULL
);
COMMENT ON TABLE "transcripts" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "transcripts"."episode_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "transcripts"."published_on" IS 'What it meant in schema 0.';
CREATE TABLE "embeddings" (
  "passage_id" VARCHAR NOT NULL,
  "episode_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "position" BIGINT NOT NULL,
  "sentence_from" BIGINT NOT NULL,
  "sentence_to" BIGINT NOT NULL,
  "start_s" DOUBLE NOT NULL,
  "end_s" DOUBLE NOT NULL,
  "speaker" VARCHAR,
  "text" VARCHAR NOT NULL,
  "advertising_score" DOUBLE NOT NULL,
  "is_advertising" BOOLEAN NOT NULL,
  "model" VARCHAR NOT NULL,
  "embedding" FLOAT[384] NOT NULL
);
COMMENT ON TABLE "embeddings" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "embeddings"."passage_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "embeddings"."episode_id" IS 'What it meant in schema 0.';
CREATE TABLE "insights" (
  "insight_id" VARCHAR NOT NULL,
  "episode_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "position" BIGINT NOT NULL,
  "headline" VARCHAR NOT NULL,
  "body" VARCHAR NOT NULL,
  "quote" VARCHAR NOT NULL,
  "quote_start_s" DOUBLE NOT NULL,
  "quote_end_s" DOUBLE NOT NULL,
  "quote_match" VARCHAR NOT NULL,
  "speaker" VARCHAR,
  "topics" VARCHAR[] NOT NULL,
  "value_score" DOUBLE NOT NULL,
  "audio_sha256" VARCHAR NOT NULL,
  "engine" VARCHAR NOT NULL,
  "model" VARCHAR NOT NULL,
  "prompt_version" VARCHAR NOT NULL,
  "embedding" FLOAT[384] NOT NULL
);
COMMENT ON TABLE "insights" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "insights"."insight_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "insights"."episode_id" IS 'What it meant in schema 0.';
CREATE TABLE "rejected_insights" (
  "rejection_id" VARCHAR NOT NULL,
  "episode_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "reason" VARCHAR NOT NULL,
  "detail" VARCHAR NOT NULL,
  "headline" VARCHAR,
  "body" VARCHAR,
  "quote" VARCHAR,
  "engine" VARCHAR NOT NULL,
  "model" VARCHAR NOT NULL
);
COMMENT ON TABLE "rejected_insights" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "rejected_insights"."rejection_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "rejected_insights"."episode_id" IS 'What it meant in schema 0.';
CREATE TABLE "related_insights" (
  "insight_id" VARCHAR NOT NULL,
  "related_insight_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "rank" BIGINT NOT NULL,
  "similarity" DOUBLE NOT NULL,
  "is_other_show" BOOLEAN NOT NULL,
  "is_same_idea" BOOLEAN NOT NULL
);
COMMENT ON TABLE "related_insights" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "related_insights"."insight_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "related_insights"."related_insight_id" IS 'What it meant in schema 0.';
CREATE TABLE "daily_digests" (
  "digest_id" VARCHAR NOT NULL,
  "rank" BIGINT NOT NULL,
  "digest_on" DATE NOT NULL,
  "reader_id" VARCHAR NOT NULL,
  "insight_id" VARCHAR NOT NULL,
  "episode_id" VARCHAR NOT NULL,
  "headline" VARCHAR NOT NULL,
  "body" VARCHAR NOT NULL,
  "quote" VARCHAR NOT NULL,
  "quote_start_s" DOUBLE NOT NULL,
  "speaker" VARCHAR,
  "show_title" VARCHAR NOT NULL,
  "episode_title" VARCHAR NOT NULL,
  "episode_link" VARCHAR,
  "audio_url" VARCHAR,
  "published_on" DATE NOT NULL,
  "engine" VARCHAR NOT NULL,
  "also_in" VARCHAR[] NOT NULL,
  "related" STRUCT("insight_id" VARCHAR, "headline" VARCHAR, "show_title" VARCHAR, "episode_title" VARCHAR, "audio_url" VARCHAR, "similarity" DOUBLE)[] NOT NULL,
  "score" DOUBLE NOT NULL,
  "value_part" DOUBLE NOT NULL,
  "novelty_part" DOUBLE NOT NULL,
  "corroboration_part" DOUBLE NOT NULL,
  "topic_part" DOUBLE NOT NULL,
  "followed_part" DOUBLE NOT NULL,
  "freshness_part" DOUBLE NOT NULL,
  "diversity_cost" DOUBLE NOT NULL
);
COMMENT ON TABLE "daily_digests" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "daily_digests"."digest_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "daily_digests"."rank" IS 'What it meant in schema 0.';
CREATE TABLE "deliveries" (
  "digest_id" VARCHAR NOT NULL,
  "digest_on" DATE NOT NULL,
  "reader_id" VARCHAR NOT NULL,
  "status" VARCHAR NOT NULL,
  "message_id" VARCHAR NOT NULL,
  "attempts" BIGINT NOT NULL,
  "started_at" TIMESTAMPTZ NOT NULL,
  "sent_at" TIMESTAMPTZ,
  "error" VARCHAR,
  "insight_ids" VARCHAR[] NOT NULL
);
COMMENT ON TABLE "deliveries" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "deliveries"."digest_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "deliveries"."digest_on" IS 'What it meant in schema 0.';
CREATE TABLE "feed_fetches" (
  "feed_id" VARCHAR NOT NULL,
  "fetched_at" TIMESTAMPTZ NOT NULL,
  "http_status" BIGINT,
  "etag" VARCHAR,
  "last_modified" VARCHAR,
  "content_sha256" VARCHAR,
  "show_title" VARCHAR,
  "item_count" BIGINT,
  "error" VARCHAR
);
COMMENT ON TABLE "feed_fetches" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "feed_fetches"."feed_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "feed_fetches"."fetched_at" IS 'What it meant in schema 0.';
CREATE TABLE "announced_items" (
  "item_id" VARCHAR NOT NULL,
  "feed_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "date_source" VARCHAR NOT NULL,
  "published_at" TIMESTAMPTZ,
  "first_seen_at" TIMESTAMPTZ NOT NULL,
  "show_title" VARCHAR NOT NULL,
  "title" VARCHAR NOT NULL,
  "description" VARCHAR NOT NULL,
  "guid" VARCHAR,
  "link" VARCHAR,
  "enclosure_url" VARCHAR,
  "enclosure_type" VARCHAR,
  "enclosure_bytes" BIGINT,
  "duration_s" DOUBLE,
  "transcript_url" VARCHAR,
  "transcript_type" VARCHAR,
  "persons" VARCHAR[] NOT NULL
);
COMMENT ON TABLE "announced_items" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "announced_items"."item_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "announced_items"."feed_id" IS 'What it meant in schema 0.';
CREATE TABLE "llm_calls" (
  "call_id" VARCHAR NOT NULL,
  "called_at" TIMESTAMPTZ NOT NULL,
  "run_id" VARCHAR NOT NULL,
  "episode_id" VARCHAR NOT NULL,
  "model" VARCHAR NOT NULL,
  "prompt_tokens" BIGINT NOT NULL,
  "completion_tokens" BIGINT NOT NULL,
  "cost_usd" DOUBLE NOT NULL,
  "status" VARCHAR NOT NULL,
  "error" VARCHAR
);
COMMENT ON TABLE "llm_calls" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "llm_calls"."call_id" IS 'What it meant in schema 0.';
COMMENT ON COLUMN "llm_calls"."called_at" IS 'What it meant in schema 0.';
CREATE TABLE "_warehouse" ("schema_version" INTEGER, "revision" BIGINT);
INSERT INTO "_warehouse" VALUES (0, 41);

INSERT INTO feeds VALUES
  ('66794a697847b9a3', '2025-09-07', 'Old Show', 'http://old.example/feed.xml', 'ok', NULL,
   '2025-09-08 05:00:00+00', 'aa00', 2),
  ('0000000000000bad', '2025-09-07', NULL, 'http://bad.example/feed.xml', 'failed',
   'bad.example answered HTTP 503', '2025-09-08 05:00:00+00', NULL, NULL);
INSERT INTO feed_fetches VALUES
  ('66794a697847b9a3', '2025-09-08 05:00:00+00', 200, '"v1"', NULL, 'aa00', 'Old Show', 2, NULL),
  ('0000000000000bad', '2025-09-08 05:00:00+00', 503, NULL, NULL, NULL, NULL, NULL,
   'bad.example answered HTTP 503');
INSERT INTO announced_items VALUES
  ('item-one', '66794a697847b9a3', '2025-09-06', 'feed', '2025-09-06 06:00:00+00',
   '2025-09-08 05:00:00+00', 'Old Show', 'The First Old Episode', 'Notes.', 'guid-of-the-first',
   NULL, 'https://cdn.example/1.mp3?token=a', 'audio/mpeg', 1000, 1800, NULL, NULL, ['Ann']),
  ('item-two', '66794a697847b9a3', '2025-09-07', 'feed', '2025-09-07 06:00:00+00',
   '2025-09-08 05:00:00+00', 'Old Show', 'The Second Old Episode', 'Notes.',
   'guid-of-the-second', NULL, 'https://cdn.example/2.mp3?token=a', 'audio/mpeg', 2000, 1800,
   NULL, NULL, []);
INSERT INTO episodes VALUES
  ('item-one', '2025-09-06', 'ok', NULL, NULL, '66794a697847b9a3', ['66794a697847b9a3'],
   'Old Show', 'The First Old Episode', 'Notes.', 'guid-of-the-first', NULL,
   '2025-09-06 06:00:00+00', 'feed', 'https://cdn.example/1.mp3?token=a', 'audio/mpeg', 1000,
   1800, NULL, NULL, ['Ann']),
  ('item-two', '2025-09-07', 'ok', NULL, NULL, '66794a697847b9a3', ['66794a697847b9a3'],
   'Old Show', 'The Second Old Episode', 'Notes.', 'guid-of-the-second', NULL,
   '2025-09-07 06:00:00+00', 'feed', 'https://cdn.example/2.mp3?token=a', 'audio/mpeg', 2000,
   1800, NULL, NULL, []);
