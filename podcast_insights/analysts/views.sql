-- The analysts' database: the pipeline's tables as they are, and views made for reading. The
-- view `insights` takes the table's name; the bare table is `insights_base` in this file.
-- Each statement ends with a semicolon at the end of its line.

ALTER TABLE insights RENAME TO insights_base;

CREATE OR REPLACE MACRO at_second(url, second) AS url || '#t=' || CAST(floor(second) AS BIGINT);

CREATE OR REPLACE MACRO clock(second) AS
  CASE WHEN second >= 3600
    THEN format('{}:{:02d}:{:02d}', CAST(floor(second) AS BIGINT) // 3600,
      CAST(floor(second) AS BIGINT) // 60 % 60, CAST(floor(second) AS BIGINT) % 60)
    ELSE format('{}:{:02d}', CAST(floor(second) AS BIGINT) // 60,
      CAST(floor(second) AS BIGINT) % 60) END;

CREATE OR REPLACE VIEW insights AS
SELECT
  i.published_on, e.show_title, e.title AS episode_title, i.headline, i.body, i.quote, i.speaker,
  clock(i.quote_start_s) AS heard_at, at_second(if(e.is_private, NULL, e.enclosure_url), i.quote_start_s) AS audio_link,
  i.kind, i.topics, i.entities, i.value_score, e.link AS episode_link, i.engine, i.model,
  i.prompt_version, i.quote_match, i.quote_start_s, i.quote_end_s, i.insight_id, i.episode_id,
  e.feed_id, i.embedding_model, i.embedding
FROM insights_base i JOIN episodes e USING (episode_id);
COMMENT ON VIEW insights IS
  'Every insight with its show, episode, proof and a link to the second in the audio.';

CREATE OR REPLACE VIEW related AS
SELECT
  a.headline, a.show_title, r.rank, r.similarity, b.headline AS related_headline,
  b.show_title AS related_show_title, len(coalesce(r.folded_insight_ids, [])) AS more_tellers,
  r.is_same_idea, r.is_other_show, b.audio_link AS related_audio_link, a.published_on,
  b.published_on AS related_published_on, r.rank_on_day, r.folded_insight_ids, r.insight_id,
  r.related_insight_id
FROM related_insights r
JOIN insights a ON a.insight_id = r.insight_id
JOIN insights b ON b.insight_id = r.related_insight_id
WHERE r.rank IS NOT NULL;
COMMENT ON VIEW related IS
  'Ten ideas next to each insight, other shows first: who tells each nearest, and how many more tell it. is_same_idea: it is the insight''s own idea.';

CREATE OR REPLACE VIEW digests AS
SELECT
  d.digest_on, d.reader_id, d.rank, d.headline, d.show_title, d.episode_title,
  clock(d.quote_start_s) AS heard_at, d.audio_url AS audio_link, d.also_in, d.score, d.value_part,
  d.novelty_part, d.corroboration_part, d.topic_part, d.followed_part, d.freshness_part,
  d.diversity_cost, d.matched_topic, s.status AS delivery_status, s.sent_at,
  d.nearest_seen_insight_id, d.insight_id, d.digest_id
FROM daily_digests d LEFT JOIN deliveries s USING (digest_id);
COMMENT ON VIEW digests IS
  'What each reader got, why (the parts of the score), and whether it was mailed.';

CREATE OR REPLACE VIEW passed_over AS
SELECT
  s.digest_on, s.reader_id, p.headline, p.show_title, p.reason, p.score,
  last.score AS score_of_last_place, p.value_part, p.novelty_part, p.corroboration_part, p.topic_part, p.followed_part,
  p.freshness_part, p.diversity_cost, p.matched_topic, p.insight_id, p.instead_insight_id,
  s.digest_id
FROM (
  SELECT digest_id, digest_on, reader_id, given, unnest(passed_over) AS p FROM digest_selections
) s
LEFT JOIN daily_digests last ON last.digest_id = s.digest_id AND last.rank = s.given;
COMMENT ON VIEW passed_over IS
  'What a reader did not get, the best twenty of each digest: why, with the parts of the score.';

CREATE OR REPLACE VIEW segments AS
SELECT
  e.published_on, e.show_title, e.title AS episode_title, s.start_s, s.end_s, s.speaker, s.text,
  at_second(if(e.is_private, NULL, e.enclosure_url), s.start_s) AS audio_link, t.source,
  t.episode_id
FROM (
  SELECT episode_id, source, unnest(segments) AS s FROM transcripts WHERE status = 'ok'
) t
JOIN episodes e USING (episode_id);
COMMENT ON VIEW segments IS
  'Transcripts that no guard has stopped, one row per timed segment. The others are in the table transcripts, with their status.';

CREATE OR REPLACE VIEW episode_status AS
SELECT
  e.published_on, e.show_title, e.title, e.status AS episode_status,
  t.status AS transcript_status, coalesce(t.error, e.error) AS error, t.source, t.source_reason,
  t.damage, t.duration_s, t.words, t.confidence, t.detected_language, t.real_time_factor, count(i.insight_id) AS insights, e.episode_id
FROM episodes e
LEFT JOIN transcripts t USING (episode_id)
LEFT JOIN insights_base i USING (episode_id)
GROUP BY ALL;
COMMENT ON VIEW episode_status IS
  'What became of every announced item: episode, transcript, insights, or the reason why not.';

CREATE OR REPLACE VIEW costs AS
SELECT
  (called_at AT TIME ZONE 'UTC')::DATE AS called_on, model, count(*) AS calls, sum(prompt_tokens) AS prompt_tokens,
  sum(completion_tokens) AS completion_tokens, sum(cost_usd) AS cost_usd,
  count(*) FILTER (status <> 'ok') AS failed_calls
FROM llm_calls GROUP BY ALL;
COMMENT ON VIEW costs IS 'Calls, tokens and US dollars by day and model.';

CREATE OR REPLACE VIEW episode_costs AS
SELECT
  e.published_on, e.show_title, e.title AS episode_title, c.calls, c.failed_calls,
  c.propose_calls, c.select_calls, c.prompt_tokens, c.completion_tokens, c.cost_usd,
  coalesce(i.insights, 0) AS insights, c.cost_usd / i.insights AS cost_usd_per_insight,
  c.first_called_at, c.last_called_at, c.episode_id
FROM (
  SELECT
    episode_id, count(*) AS calls, count(*) FILTER (status <> 'ok') AS failed_calls,
    count(*) FILTER (purpose = 'propose') AS propose_calls,
    count(*) FILTER (purpose = 'select') AS select_calls, sum(prompt_tokens) AS prompt_tokens,
    sum(completion_tokens) AS completion_tokens, sum(cost_usd) AS cost_usd,
    min(called_at) AS first_called_at, max(called_at) AS last_called_at
  FROM llm_calls GROUP BY episode_id
) c
LEFT JOIN episodes e USING (episode_id)
LEFT JOIN (
  SELECT episode_id, count(*) AS insights FROM insights_base WHERE engine = 'llm' GROUP BY ALL
) i USING (episode_id);
COMMENT ON VIEW episode_costs IS
  'Calls, tokens and US dollars by episode, over all runs; without a show: an evaluation, or an episode that is gone.';

CREATE OR REPLACE MACRO insights_like(id, least := 0.4) AS TABLE
SELECT
  array_cosine_similarity(b.embedding, a.embedding) AS similarity, b.headline, b.show_title,
  b.audio_link, b.published_on, b.insight_id
FROM insights a, insights b
WHERE a.insight_id = id AND b.insight_id <> id
  AND (b.embedding_model = a.embedding_model) IS DISTINCT FROM false
  AND array_cosine_similarity(b.embedding, a.embedding) >= least
ORDER BY similarity DESC;
COMMENT ON MACRO TABLE insights_like IS
  'insights_like(insight_id): every insight near to that one, also older, newer, same show; not those whose vectors another model made.';
