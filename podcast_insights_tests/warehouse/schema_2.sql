-- A warehouse of schema 2, as released before `words_with_times`. Frozen: never change it.
CREATE TABLE "feeds" (
  "feed_id" VARCHAR NOT NULL,
  "snapshot_on" DATE NOT NULL,
  "show_title" VARCHAR,
  "feed_url" VARCHAR NOT NULL,
  "status" VARCHAR NOT NULL,
  "error" VARCHAR,
  "fetched_at" TIMESTAMPTZ NOT NULL,
  "content_sha256" VARCHAR,
  "item_count" BIGINT,
  "failure" VARCHAR,
  "first_failed_at" TIMESTAMPTZ,
  "last_ok_at" TIMESTAMPTZ,
  "moved_to" VARCHAR,
  "notes" VARCHAR
);
COMMENT ON TABLE "feeds" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "feeds"."feed_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "feeds"."snapshot_on" IS 'What it meant in schema 2.';
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
  "persons" VARCHAR[] NOT NULL,
  "date_problem" VARCHAR,
  "episode_type" VARCHAR,
  "season" BIGINT,
  "episode_number" DOUBLE,
  "enclosure_key" VARCHAR,
  "content_key" VARCHAR,
  "document_sha256" VARCHAR,
  "is_private" BOOLEAN
);
COMMENT ON TABLE "episodes" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "episodes"."episode_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "episodes"."published_on" IS 'What it meant in schema 2.';
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
  "segments" STRUCT("start_s" DOUBLE, "end_s" DOUBLE, "text" VARCHAR, "speaker" VARCHAR)[] NOT NULL,
  "text_key" VARCHAR
);
COMMENT ON TABLE "transcripts" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "transcripts"."episode_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "transcripts"."published_on" IS 'What it meant in schema 2.';
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
COMMENT ON TABLE "embeddings" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "embeddings"."passage_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "embeddings"."episode_id" IS 'What it meant in schema 2.';
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
  "embedding" FLOAT[384] NOT NULL,
  "kind" VARCHAR,
  "entities" VARCHAR[],
  "embedding_model" VARCHAR
);
COMMENT ON TABLE "insights" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "insights"."insight_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "insights"."episode_id" IS 'What it meant in schema 2.';
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
  "model" VARCHAR NOT NULL,
  "prompt_version" VARCHAR
);
COMMENT ON TABLE "rejected_insights" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "rejected_insights"."rejection_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "rejected_insights"."episode_id" IS 'What it meant in schema 2.';
CREATE TABLE "related_insights" (
  "insight_id" VARCHAR NOT NULL,
  "related_insight_id" VARCHAR NOT NULL,
  "published_on" DATE NOT NULL,
  "rank" BIGINT,
  "similarity" DOUBLE NOT NULL,
  "is_other_show" BOOLEAN NOT NULL,
  "is_same_idea" BOOLEAN NOT NULL,
  "rank_on_day" BIGINT,
  "folded_insight_ids" VARCHAR[]
);
COMMENT ON TABLE "related_insights" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "related_insights"."insight_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "related_insights"."related_insight_id" IS 'What it meant in schema 2.';
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
  "diversity_cost" DOUBLE NOT NULL,
  "matched_topic" VARCHAR,
  "topic_likeness" DOUBLE,
  "nearest_seen_insight_id" VARCHAR
);
COMMENT ON TABLE "daily_digests" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "daily_digests"."digest_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "daily_digests"."rank" IS 'What it meant in schema 2.';
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
COMMENT ON TABLE "deliveries" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "deliveries"."digest_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "deliveries"."digest_on" IS 'What it meant in schema 2.';
CREATE TABLE "feed_fetches" (
  "feed_id" VARCHAR NOT NULL,
  "fetched_at" TIMESTAMPTZ NOT NULL,
  "http_status" BIGINT,
  "etag" VARCHAR,
  "last_modified" VARCHAR,
  "content_sha256" VARCHAR,
  "show_title" VARCHAR,
  "item_count" BIGINT,
  "error" VARCHAR,
  "failure" VARCHAR,
  "retry_at" TIMESTAMPTZ,
  "moved_to" VARCHAR,
  "full_at" TIMESTAMPTZ,
  "reader_version" BIGINT,
  "transferred_bytes" BIGINT,
  "repeated_item_count" BIGINT,
  "new_item_count" BIGINT,
  "edited_item_count" BIGINT,
  "archive_page_count" BIGINT,
  "archive_next" VARCHAR,
  "archive_error" VARCHAR,
  "archive_since_on" DATE,
  "notes" VARCHAR,
  "language" VARCHAR,
  "medium" VARCHAR,
  "podcast_guid" VARCHAR
);
COMMENT ON TABLE "feed_fetches" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "feed_fetches"."feed_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "feed_fetches"."fetched_at" IS 'What it meant in schema 2.';
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
  "persons" VARCHAR[] NOT NULL,
  "person_roles" VARCHAR[],
  "date_problem" VARCHAR,
  "published_text" VARCHAR,
  "episode_type" VARCHAR,
  "season" BIGINT,
  "episode_number" DOUBLE,
  "chapters_url" VARCHAR,
  "enclosure_key" VARCHAR,
  "enclosure_problem" VARCHAR,
  "transcripts" STRUCT("url" VARCHAR, "type" VARCHAR, "language" VARCHAR)[],
  "content_key" VARCHAR,
  "document_sha256" VARCHAR,
  "is_private" BOOLEAN,
  "edited_at" TIMESTAMPTZ
);
COMMENT ON TABLE "announced_items" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "announced_items"."item_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "announced_items"."feed_id" IS 'What it meant in schema 2.';
CREATE TABLE "item_changes" (
  "item_id" VARCHAR NOT NULL,
  "seen_at" TIMESTAMPTZ NOT NULL,
  "column_name" VARCHAR NOT NULL,
  "before" VARCHAR,
  "after" VARCHAR
);
COMMENT ON TABLE "item_changes" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "item_changes"."item_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "item_changes"."seen_at" IS 'What it meant in schema 2.';
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
  "error" VARCHAR,
  "purpose" VARCHAR,
  "prompt_version" VARCHAR
);
COMMENT ON TABLE "llm_calls" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "llm_calls"."call_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "llm_calls"."called_at" IS 'What it meant in schema 2.';
CREATE TABLE "digest_selections" (
  "digest_id" VARCHAR NOT NULL,
  "digest_on" DATE NOT NULL,
  "reader_id" VARCHAR NOT NULL,
  "wanted" BIGINT NOT NULL,
  "given" BIGINT NOT NULL,
  "considered" BIGINT NOT NULL,
  "episodes_considered" BIGINT NOT NULL,
  "shows_considered" BIGINT NOT NULL,
  "told_before" BIGINT NOT NULL,
  "low_value" BIGINT NOT NULL,
  "same_idea" BIGINT NOT NULL,
  "adds_too_little" BIGINT NOT NULL,
  "outscored" BIGINT NOT NULL,
  "unknown_shows" VARCHAR[] NOT NULL,
  "passed_over" STRUCT("insight_id" VARCHAR, "headline" VARCHAR, "show_title" VARCHAR, "reason" VARCHAR, "instead_insight_id" VARCHAR, "score" DOUBLE, "value_part" DOUBLE, "novelty_part" DOUBLE, "corroboration_part" DOUBLE, "topic_part" DOUBLE, "followed_part" DOUBLE, "freshness_part" DOUBLE, "diversity_cost" DOUBLE, "matched_topic" VARCHAR)[] NOT NULL
);
COMMENT ON TABLE "digest_selections" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "digest_selections"."digest_id" IS 'What it meant in schema 2.';
COMMENT ON COLUMN "digest_selections"."digest_on" IS 'What it meant in schema 2.';
CREATE TABLE "_warehouse" ("schema_version" INTEGER, "revision" BIGINT);
INSERT INTO "_warehouse" VALUES (2, 41);

INSERT INTO transcripts VALUES
  ('item-one', '2025-09-06', 'ok', NULL, 'whisper', 'the publisher has no transcript', 'aa11', 1000, 20.0,
   'en', 'tiny.en', 'packaged', '{"beam_size": 5}', 'cpu', 'int8', 40.0, 7,
   'Heat beats cold in all our tests.',
   [{'start_s': 12.5, 'end_s': 14.0, 'text': 'Heat beats cold', 'speaker': NULL},
    {'start_s': 14.0, 'end_s': 15.0, 'text': 'in all our tests.', 'speaker': 'Ann'}], 'key-one'),
  ('item-two', '2025-09-07', 'failed', 'the host answered HTTP 404', NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, [], NULL);
