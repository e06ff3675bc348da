package redact

// format is the shape of one provider's tokens: a prefix and what follows it.
type format struct {
	kind   string
	prefix string          // as the provider writes it
	is     func(byte) bool // the characters after the prefix
	least  int             // of them there are at least least
	most   int             // and at most most; 0 for no limit
	// mixed asks for digits and letters after the prefix, for prefixes that words may have too.
	mixed bool
}

func isDashed(c byte) bool   { return isWordByte(c) || c == '-' }
func isDotted(c byte) bool   { return isDashed(c) || c == '.' }
func isPadded(c byte) bool   { return isB64(c) || c == '=' }
func isEncoded(c byte) bool  { return isPadded(c) || c == '.' || c == '%' || c == '~' }
func isBase32(c byte) bool   { return isUpper(c) || '2' <= c && c <= '7' }
func isCapital(c byte) bool  { return isUpper(c) || isDigit(c) }
func isHexDash(c byte) bool  { return isHex(c) || c == '-' }
func isLowerNum(c byte) bool { return isLower(c) || isDigit(c) }

// formats are the tokens that are known by their beginning. Sources: the providers' documentation, GitHub's list of
// supported secret scanning patterns, the rules of gitleaks.
var formats = []format{
	{"aws", "AKIA", isBase32, 16, 16, false},
	{"aws", "ASIA", isBase32, 16, 16, false},
	{"aws", "ABIA", isBase32, 16, 16, false},
	{"aws", "ACCA", isBase32, 16, 16, false},
	{"aws", "ABSK", isPadded, 100, 300, true},
	{"aws", "bedrock-api-key-", isEncoded, 30, 0, true},
	{"aws", "IQoJb3JpZ2lu", isEncoded, 80, 0, true},
	{"aws", "FwoGZXIvYXdz", isEncoded, 80, 0, true},
	{"github", "ghp_", isWordByte, 30, 0, true},
	{"github", "gho_", isWordByte, 30, 0, true},
	{"github", "ghu_", isWordByte, 30, 0, true},
	{"github", "ghs_", isDotted, 30, 0, true},
	{"github", "ghr_", isWordByte, 30, 0, true},
	{"github", "github_pat_", isWordByte, 22, 0, true},
	{"gitlab", "glpat-", isDotted, 20, 0, true},
	{"gitlab", "gldt-", isDashed, 20, 0, true},
	{"gitlab", "glrt-", isDotted, 20, 0, true},
	{"gitlab", "glrtr-", isDotted, 20, 0, true},
	{"gitlab", "glptt-", isDashed, 20, 0, true},
	{"gitlab", "glcbt-", isDashed, 20, 0, true},
	{"gitlab", "glft-", isDashed, 20, 0, true},
	{"gitlab", "glimt-", isDashed, 20, 0, true},
	{"gitlab", "glagent-", isDashed, 30, 0, true},
	{"gitlab", "gloas-", isDashed, 30, 0, true},
	{"gitlab", "glsoat-", isDashed, 20, 0, true},
	{"gitlab", "glffct-", isDashed, 20, 0, true},
	{"gitlab", "glwt-", isDashed, 20, 0, true},
	{"gitlab", "GR1348941", isDashed, 20, 0, true},
	{"slack", "xoxb-", isDashed, 20, 0, true},
	{"slack", "xoxp-", isDashed, 20, 0, true},
	{"slack", "xoxa-", isDashed, 8, 0, true},
	{"slack", "xoxr-", isDashed, 8, 0, true},
	{"slack", "xoxs-", isDashed, 20, 0, true},
	{"slack", "xoxo-", isDashed, 20, 0, true},
	{"slack", "xoxc-", isDashed, 20, 0, true},
	{"slack", "xoxd-", isEncoded, 20, 0, true},
	{"slack", "xoxe-", isDashed, 40, 0, true},
	{"slack", "xoxe.xox", isDotted, 40, 0, true},
	{"slack", "xapp-", isDashed, 20, 0, true},
	{"slack", "hooks.slack.com/services/", isB64, 20, 0, true},
	{"slack", "hooks.slack.com/workflows/", isB64, 20, 0, true},
	{"slack", "hooks.slack.com/triggers/", isB64, 20, 0, true},
	{"discord", "discord.com/api/webhooks/", isB64, 40, 0, true},
	{"discord", "discordapp.com/api/webhooks/", isB64, 40, 0, true},
	{"teams", ".webhook.office.com/webhookb2/", func(c byte) bool { return isB64(c) || c == '@' }, 60, 0, true},
	{"google-chat", "chat.googleapis.com/v1/spaces/", isEncoded, 60, 0, true},
	{"stripe", "sk_live_", isAlnum, 10, 0, false},
	{"stripe", "sk_test_", isAlnum, 10, 0, false},
	{"stripe", "sk_prod_", isAlnum, 10, 0, false},
	{"stripe", "rk_live_", isAlnum, 10, 0, false},
	{"stripe", "rk_test_", isAlnum, 10, 0, false},
	{"stripe", "rk_prod_", isAlnum, 10, 0, false},
	{"stripe", "whsec_", isPadded, 24, 0, true},
	{"google", "AIza", isDashed, 35, 40, true},
	{"google", "ya29.", isDotted, 20, 0, true},
	{"google", "GOCSPX-", isDashed, 20, 0, true},
	{"google", "1//0", isDashed, 35, 0, true},
	{"google", "GOOG1E", isAlnum, 50, 60, true},
	{"openai", "sk-proj-", isDashed, 20, 0, true},
	{"openai", "sk-svcacct-", isDashed, 20, 0, true},
	{"openai", "sk-admin-", isDashed, 20, 0, true},
	{"openai", "sk-None-", isDashed, 20, 0, true},
	{"anthropic", "sk-ant-", isDashed, 20, 0, true},
	{"openrouter", "sk-or-", isDashed, 20, 0, true},
	{"openai", "sk-", isDashed, 20, 0, true},
	{"huggingface", "hf_", isAlnum, 30, 0, true},
	{"huggingface", "api_org_", isAlnum, 30, 0, false},
	{"groq", "gsk_", isAlnum, 40, 0, true},
	{"xai", "xai-", isAlnum, 60, 0, true},
	{"perplexity", "pplx-", isAlnum, 32, 0, true},
	{"replicate", "r8_", isAlnum, 30, 0, true},
	{"fireworks", "fw_", isAlnum, 20, 0, true},
	{"nvidia", "nvapi-", isDashed, 40, 0, true},
	{"langsmith", "lsv2_pt_", isWordByte, 30, 0, true},
	{"langsmith", "lsv2_sk_", isWordByte, 30, 0, true},
	{"tavily", "tvly-", isDashed, 20, 0, true},
	{"pinecone", "pcsk_", isWordByte, 40, 0, true},
	{"elevenlabs", "sk_", isHex, 48, 0, true},
	{"databricks", "dapi", isHexDash, 32, 36, true},
	{"supabase", "sbp_", isWordByte, 40, 0, true},
	{"supabase", "sb_secret_", isDashed, 20, 0, true},
	{"digitalocean", "dop_v1_", isHex, 60, 0, true},
	{"digitalocean", "doo_v1_", isHex, 60, 0, true},
	{"digitalocean", "dor_v1_", isHex, 60, 0, true},
	{"docker", "dckr_pat_", isDashed, 20, 0, true},
	{"docker", "dckr_oat_", isDashed, 20, 0, true},
	{"npm", "npm_", isAlnum, 30, 0, true},
	{"pypi", "pypi-", isDashed, 50, 0, true},
	{"rubygems", "rubygems_", isHex, 40, 0, true},
	{"nuget", "oy2", isLowerNum, 43, 43, true},
	{"crates", "cio", isAlnum, 32, 32, true},
	{"clojars", "CLOJARS_", isAlnum, 50, 0, true},
	{"artifactory", "AKCp", isAlnum, 60, 80, true},
	{"artifactory", "cmVmd", isAlnum, 55, 62, true},
	{"vault", "hvs.", isDashed, 20, 0, true},
	{"vault", "hvb.", isDashed, 20, 0, true},
	{"vault", "hvr.", isDashed, 20, 0, true},
	{"doppler", "dp.pt.", isAlnum, 40, 0, true},
	{"doppler", "dp.st.", isDotted, 40, 0, true},
	{"doppler", "dp.ct.", isAlnum, 40, 0, true},
	{"doppler", "dp.sa.", isAlnum, 40, 0, true},
	{"doppler", "dp.scim.", isAlnum, 40, 0, true},
	{"doppler", "dp.audit.", isAlnum, 40, 0, true},
	{"notion", "ntn_", isAlnum, 40, 0, true},
	{"notion", "secret_", isAlnum, 43, 43, true},
	{"shopify", "shpat_", isHex, 32, 0, true},
	{"shopify", "shpca_", isHex, 32, 0, true},
	{"shopify", "shppa_", isHex, 32, 0, true},
	{"shopify", "shpss_", isHex, 32, 0, true},
	{"shopify", "shptka_", isHex, 32, 0, true},
	{"sendgrid", "SG.", isDotted, 50, 0, true},
	{"mailgun", "key-", isHex, 32, 32, true},
	{"brevo", "xkeysib-", isDashed, 60, 0, true},
	{"brevo", "xsmtpsib-", isDashed, 60, 0, true},
	{"twilio", "SK", isHex, 32, 32, true},
	{"resend", "re_", isWordByte, 24, 0, true},
	{"sentry", "sntrys_", isEncodedWord, 40, 0, true},
	{"sentry", "sntryu_", isHex, 40, 0, true},
	{"newrelic", "NRAK-", isAlnum, 20, 0, true},
	{"newrelic", "NRII-", isDashed, 20, 0, true},
	{"newrelic", "NRRA-", isAlnum, 20, 0, true},
	{"newrelic", "NRJS-", isHex, 19, 0, true},
	{"dynatrace", "dt0c01.", isDotted, 60, 0, true},
	{"dynatrace", "dt0s01.", isDotted, 60, 0, true},
	{"dynatrace", "dt0s02.", isDotted, 60, 0, true},
	{"dynatrace", "dt0s16.", isDotted, 60, 0, true},
	{"grafana", "glc_", isPadded, 32, 0, true},
	{"grafana", "glsa_", isWordByte, 32, 0, true},
	{"grafana", "eyJrIjoi", isPadded, 50, 0, true},
	{"linear", "lin_api_", isAlnum, 32, 0, true},
	{"linear", "lin_oauth_", isAlnum, 32, 0, true},
	{"figma", "figd_", isDashed, 30, 0, true},
	{"figma", "figo_", isDashed, 30, 0, true},
	{"figma", "figu_", isDashed, 30, 0, true},
	{"atlassian", "ATATT3", isPadded, 60, 0, true},
	{"atlassian", "ATCTT3", isPadded, 60, 0, true},
	{"atlassian", "ATBB", isAlnum, 28, 40, true},
	{"bitbucket", "BBDC-", isPadded, 30, 0, true},
	{"dropbox", "sl.", isDashed, 100, 0, true},
	{"hubspot", "pat-na", isHexDash, 30, 0, true},
	{"hubspot", "pat-eu", isHexDash, 30, 0, true},
	{"square", "sq0atp-", isDashed, 20, 0, true},
	{"square", "sq0csp-", isDashed, 30, 0, true},
	{"square", "EAAA", isDashed, 60, 64, true},
	{"facebook", "EAACEdEose0cBA", isAlnum, 20, 0, true},
	{"facebook", "EAAM", isAlnum, 100, 0, true},
	{"facebook", "EAAC", isAlnum, 100, 0, true},
	{"facebook", "EAAG", isAlnum, 100, 0, true},
	{"instagram", "IGQV", isDashed, 100, 0, true},
	{"paypal", "access_token$production$", func(c byte) bool { return isAlnum(c) || c == '$' }, 40, 0, true},
	{"paypal", "access_token$sandbox$", func(c byte) bool { return isAlnum(c) || c == '$' }, 40, 0, true},
	{"plaid", "access-production-", isHexDash, 36, 36, true},
	{"plaid", "access-sandbox-", isHexDash, 36, 36, true},
	{"plaid", "access-development-", isHexDash, 36, 36, true},
	{"razorpay", "rzp_live_", isAlnum, 14, 0, false},
	{"razorpay", "rzp_test_", isAlnum, 14, 0, false},
	{"flutterwave", "FLWSECK-", isDashed, 20, 0, true},
	{"flutterwave", "FLWSECK_TEST-", isDashed, 12, 0, true},
	{"adyen", "AQE", isEncoded, 80, 0, true},
	{"heroku", "HRKU-", isDashed, 36, 0, true},
	{"fly", "fo1_", isDashed, 40, 0, true},
	{"fly", "fm1a_", isPadded, 60, 0, true},
	{"fly", "fm1r_", isPadded, 60, 0, true},
	{"fly", "fm2_", isFly, 60, 0, true},
	{"render", "rnd_", isAlnum, 28, 0, true},
	{"netlify", "nfp_", isAlnum, 30, 0, true},
	{"netlify", "nfc_", isAlnum, 30, 0, true},
	{"netlify", "nfo_", isAlnum, 30, 0, true},
	{"netlify", "nfu_", isAlnum, 30, 0, true},
	{"vercel", "vcp_", isAlnum, 24, 0, true},
	{"vercel", "vci_", isAlnum, 24, 0, true},
	{"vercel", "vca_", isAlnum, 24, 0, true},
	{"vercel", "vcr_", isAlnum, 24, 0, true},
	{"vercel", "vck_", isAlnum, 24, 0, true},
	{"cloudflare", "v1.0-", isHexDash, 100, 0, true},
	{"cloudflare", "cfut_", isDashed, 32, 0, true},
	{"cloudflare", "cfat_", isDashed, 32, 0, true},
	{"cloudflare", "cfk_", isDashed, 32, 0, true},
	{"planetscale", "pscale_tkn_", isDotted, 30, 0, true},
	{"planetscale", "pscale_oauth_", isDotted, 30, 0, true},
	{"planetscale", "pscale_pw_", isDotted, 30, 0, true},
	{"neon", "npg_", isAlnum, 10, 0, true},
	{"neon", "napi_", isAlnum, 40, 0, true},
	{"aiven", "AVNS_", isDashed, 16, 0, true},
	{"pulumi", "pul-", isHex, 40, 0, true},
	{"prefect", "pnu_", isAlnum, 30, 0, true},
	{"prefect", "pnb_", isAlnum, 30, 0, true},
	{"buildkite", "bkua_", isAlnum, 36, 0, true},
	{"buildkite", "bkct_", isAlnum, 36, 0, true},
	{"circleci", "CCIPAT_", isWordByte, 30, 0, true},
	{"circleci", "CCIPRJ_", isWordByte, 30, 0, true},
	{"sonar", "squ_", isHex, 40, 0, true},
	{"sonar", "sqp_", isHex, 40, 0, true},
	{"sonar", "sqa_", isHex, 40, 0, true},
	{"onepassword", "ops_eyJ", isPadded, 100, 0, true},
	{"onepassword", "A3-", func(c byte) bool { return isCapital(c) || c == '-' }, 30, 40, true},
	{"easypost", "EZAK", isAlnum, 54, 54, true},
	{"easypost", "EZTK", isAlnum, 54, 54, true},
	{"frameio", "fio-u-", isDashed, 60, 0, true},
	{"postman", "PMAK-", isHexDash, 50, 0, true},
	{"readme", "rdme_", isAlnum, 60, 0, true},
	{"shippo", "shippo_live_", isHex, 36, 0, true},
	{"shippo", "shippo_test_", isHex, 36, 0, true},
	{"duffel", "duffel_live_", isPadded, 40, 0, true},
	{"duffel", "duffel_test_", isPadded, 40, 0, true},
	{"typeform", "tfp_", isDotted, 40, 0, true},
	{"contentful", "CFPAT-", isDashed, 40, 0, true},
	{"sourcegraph", "sgp_", isWordByte, 40, 0, true},
	{"sourcegraph", "slk_", isHex, 60, 0, true},
	{"tailscale", "tskey-", isDashed, 16, 0, true},
	{"defined", "dnkey-", isDashed, 60, 0, true},
	{"infracost", "ico-", isAlnum, 32, 32, true},
	{"intra42", "s-s4t2ud-", isHex, 60, 0, true},
	{"intra42", "s-s4t2af-", isHex, 60, 0, true},
	{"openshift", "sha256~", isDashed, 40, 0, true},
	{"age", "AGE-SECRET-KEY-1", isAlnum, 50, 0, true},
	{"age", "AGE-SECRET-KEY-PQ-1", isAlnum, 50, 0, true},
	{"age", "AGE-PLUGIN-", func(c byte) bool { return isCapital(c) || c == '-' }, 20, 0, true},
	{"nostr", "nsec1", isLowerNum, 58, 58, true},
	{"bitcoin", "xprv9", isAlnum, 100, 110, true},
	{"twitter", "AAAAAAAAAAAAAAAAAAAAA", isEncoded, 60, 0, true},
	{"yandex", "AQVN", isDashed, 35, 38, true},
	{"yandex", "y0_", isDashed, 40, 0, true},
	{"yandex", "t1.9eu", isDotted, 60, 0, true},
	{"alibaba", "LTAI", isAlnum, 16, 22, true},
	{"tencent", "AKID", isAlnum, 32, 32, true},
	{"mapbox", "sk.eyJ", isDotted, 40, 0, true},
	{"mapbox", "tk.eyJ", isDotted, 40, 0, true},
	{"adobe", "p8e-", isAlnum, 32, 32, true},
	{"clickhouse", "4b1d", isAlnum, 38, 38, true},
	{"settlemint", "sm_aat_", isAlnum, 16, 0, true},
	{"settlemint", "sm_pat_", isAlnum, 16, 0, true},
	{"settlemint", "sm_sat_", isAlnum, 16, 0, true},
	{"scalingo", "tk-us-", isDashed, 40, 0, true},
	{"octopus", "API-", isCapital, 25, 28, true},
	{"deno", "ddp_", isAlnum, 34, 0, true},
	{"deno", "ddo_", isAlnum, 34, 0, true},
	{"posthog", "phx_", isAlnum, 36, 0, true},
	{"apify", "apify_api_", isAlnum, 30, 0, true},
	{"firecrawl", "fc-", isHex, 32, 32, true},
	{"e2b", "e2b_", isHex, 40, 40, true},
	{"zuplo", "zpka_", isWordByte, 30, 0, true},
	{"snyk", "snyk_uat.", isDotted, 30, 0, true},
	{"launchdarkly", "sdk-", isHexDash, 36, 36, true},
	{"launchdarkly", "api-", isHexDash, 36, 36, true},
	{"airtable", "pat", isAirtable, 70, 82, true},
	{"authress", "authress_", isEncoded, 60, 0, true},
	{"chargebee", "live_cu", isAlnum, 30, 0, true},
	{"adafruit", "aio_", isAlnum, 28, 28, true},
	{"gitea", "gta_", isAlnum, 40, 0, true},
	{"lichess", "lip_", isAlnum, 20, 20, true},
	{"wakatime", "waka_", isHexDash, 36, 0, true},
	{"ubidots", "BBFF-", isAlnum, 30, 0, true},
	{"polar", "polar_oat_", isAlnum, 32, 0, true},
	{"polar", "polar_pat_", isAlnum, 32, 0, true},
	{"val", "vtwn_", isAlnum, 20, 0, true},
	{"infisical", "st.", isInfisical, 60, 0, true},
	{"tines", "tines_", isAlnum, 40, 0, true},
	{"workos", "sk_live_a2V5", isAlnum, 20, 0, true},
	{"rootly", "rootly_", isHex, 60, 0, true},
	{"baseten", "bsai_", isAlnum, 30, 0, true},
	{"cerebras", "csk-", isAlnum, 40, 0, true},
	{"sambanova", "snova-", isDashed, 30, 0, true},
	{"jina", "jina_", isDashed, 50, 0, true},
	{"unstructured", "unkey_", isAlnum, 16, 0, true},
}

func isEncodedWord(c byte) bool { return isPadded(c) }
func isFly(c byte) bool         { return isPadded(c) || c == ',' }
func isAirtable(c byte) bool    { return isAlnum(c) || c == '.' }
func isInfisical(c byte) bool   { return isDotted(c) }

// tokenRules makes a rule of every format, and adds the tokens that are known by their middle.
func tokenRules() []rule {
	rules := []rule{
		{literals: []string{"eyj"}, find: (*scanner).jwt, in: Keys},
		{literals: []string{".atlasv1."}, find: (*scanner).terraform, in: Keys},
		{literals: []string{"q~"}, find: (*scanner).entra, in: Keys},
		{literals: []string{":aa"}, find: (*scanner).telegram, in: Keys},
		{literals: []string{"-us"}, find: (*scanner).mailchimp, in: Keys},
		{literals: []string{"jqqj99"}, find: (*scanner).azure, in: Keys},
		{literals: []string{"_mmk"}, find: (*scanner).maxmind, in: Keys},
	}
	for i := range formats {
		rules = append(rules, rule{
			literals: []string{formats[i].prefix},
			find:     func(sc *scanner, at, end int) { sc.token(i, at, end) },
			in:       Keys,
		})
	}
	return rules
}

// token looks at a prefix of a provider's tokens.
func (sc *scanner) token(id, at, end int) {
	s, f := sc.s, &formats[id]
	if s[at:end] != f.prefix || isAlnum(byteAt(s, at-1)) && isAlnum(s[at]) || sc.covered(at) {
		return
	}
	if sc.rejected != nil && at < sc.rejected[id] {
		return // a part of a run that has been looked at
	}
	limit := len(s)
	if f.most > 0 {
		limit = min(limit, end+f.most+1)
	}
	stop := run(s[:limit], end, f.is)
	for stop > end && (s[stop-1] == '.' || s[stop-1] == '-' || s[stop-1] == ',') {
		stop--
	}
	n := stop - end
	if n < f.least || f.most > 0 && n > f.most || f.most > 0 && isAlnum(byteAt(s, stop)) {
		return
	}
	body := s[end:stop]
	l := lookAt(body)
	if f.mixed && !(l.letters() && l.digit) || isPlaceholder(body) || fewCharacters(body) ||
		f.prefix == "sk-" && (!l.upper || !l.lower) && !onlyHexTail(body) {
		sc.reject(id, stop, n)
		return
	}
	sc.add(at, stop, f.kind, rankToken)
}

// reject notes that a run of n bytes before stop was no token, if it was long enough to matter.
func (sc *scanner) reject(id, stop, n int) {
	if n < 256 {
		return
	}
	if sc.rejected == nil {
		sc.rejected = make([]int, len(formats))
	}
	sc.rejected[id] = stop
}

// fewCharacters tells whether a token is one of a documentation's: xxxx, 0000, 1234123412341234.
func fewCharacters(body string) bool {
	var seen [256]bool
	n := 0
	for i := 0; i < len(body) && i < 64; i++ {
		if !seen[body[i]] {
			seen[body[i]] = true
			n++
		}
	}
	return n < 5 || len(body) >= 30 && n < 7
}

// onlyHexTail tells whether body is hexadecimal, as the keys of services that follow OpenAI's format are.
func onlyHexTail(body string) bool { return len(body) >= 32 && run(body, 0, isLowerNum) == len(body) }

// jwt looks at the base64 of `{"`: a JSON Web Token or its encrypted form (RFC 7519), with or without a signature.
func (sc *scanner) jwt(at, _ int) {
	s := sc.s
	if s[at:at+3] != "eyJ" || isB64(byteAt(s, at-1)) && byteAt(s, at-1) != '/' || sc.covered(at) {
		return
	}
	end, parts := at, 0
	for {
		stop := run(s, end, isPadded)
		if stop-end < 4 && parts < 2 {
			break
		}
		parts++
		end = stop
		if byteAt(s, end) != '.' || !isB64(byteAt(s, end+1)) && parts != 2 {
			break
		}
		end++
	}
	if parts < 2 || end-at < 30 {
		return
	}
	if s[end-1] == '.' && parts != 2 {
		end--
	}
	sc.add(at, end, "jwt", rankToken)
}

// terraform looks at the middle of a Terraform Cloud token.
func (sc *scanner) terraform(at, end int) {
	start := at
	for start > 0 && at-start < 20 && isAlnum(sc.s[start-1]) {
		start--
	}
	stop := run(sc.s[:min(len(sc.s), end+512)], end, isDashed)
	if at-start >= 10 && stop-end >= 40 {
		sc.add(start, stop, "terraform", rankToken)
	}
}

// entra looks at the fifth and sixth character of a client secret of Microsoft Entra ID.
func (sc *scanner) entra(at, end int) {
	s := sc.s
	start := at - 4
	is := func(c byte) bool { return isDotted(c) || c == '~' }
	if start < 0 || s[at:end] != "Q~" || !isDigit(s[at-1]) || start > 0 && is(s[start-1]) {
		return
	}
	stop := run(s[:min(len(s), end+64)], end, is)
	for stop > end && s[stop-1] == '.' {
		stop--
	}
	if run(s, start, is) >= at && stop-end >= 31 && stop-end <= 34 {
		sc.add(start, stop, "azure", rankToken)
	}
}

// telegram looks at a bot's number, a colon and 35 characters that begin with AA.
func (sc *scanner) telegram(at, _ int) {
	s := sc.s
	start := at
	for start > 0 && at-start < 16 && isDigit(s[start-1]) {
		start--
	}
	stop := run(s[:min(len(s), at+64)], at+1, isDashed)
	if n := stop - at - 1; s[at+1] == 'A' && at-start >= 7 && n >= 33 && n <= 36 && !isHexDigits(s[at+1:stop]) {
		sc.add(start, stop, "telegram", rankToken)
	}
}

func isHexDigits(s string) bool { return run(s, 0, isHex) == len(s) }

// mailchimp looks at the data centre after a key of 32 hexadecimal digits.
func (sc *scanner) mailchimp(at, end int) {
	s := sc.s
	stop := run(s, end, isDigit)
	if at < 32 || stop == end || stop-end > 2 || !isHexDigits(s[at-32:at]) || at > 32 && isAlnum(s[at-33]) || isWordByte(byteAt(s, stop)) {
		return
	}
	sc.add(at-32, stop, "mailchimp", rankToken)
}

// azure looks at the mark that newer keys of Azure carry in their middle.
func (sc *scanner) azure(at, end int) {
	s := sc.s
	start := at
	for start > 0 && at-start < 80 && isB64(s[start-1]) {
		start--
	}
	stop := run(s[:min(len(s), end+128)], end, isPadded)
	if s[at:end] == "JQQJ99" && stop-start >= 40 && stop-start <= 100 {
		sc.add(start, stop, "azure", rankToken)
	}
}

// maxmind looks at the end of a MaxMind licence key.
func (sc *scanner) maxmind(at, end int) {
	s := sc.s
	start := at - 36
	if start < 0 || isWordByte(byteAt(s, end)) || start > 0 && isWordByte(s[start-1]) || s[start+6] != '_' {
		return
	}
	if run(s[:end], start, isWordByte) >= end {
		sc.add(start, end, "maxmind", rankToken)
	}
}
