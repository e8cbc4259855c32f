"""Names under which a visit keeps its state, and what is behind each.

All that is read or written as `st.session_state[...]` has its name here. Widgets whose value is only returned have
their key where they are drawn, and keys with a changing part (a model, a file, a seed) begin with a word of their page.
"""

from __future__ import annotations

# Set by pages.components.session.session
DATASET = "dataset"  # Dataset that is shown
EXTERNAL_RUN = "large-run"  # ExternalRun that is shown instead, or None
RUN = "run"  # id of the chosen training
COMPARISON = "comparison"  # id of the chosen comparison
VISITOR = "visitor"  # name of the visit
TRAIL = "trail"  # list of RunRecord: trainings of the visit
NOTICE = "notice"  # sentence for the top of the next page
NOT_RECOMMENDED = "not-recommended"  # sentence: why there is no recommended run
OFFER_WANTED = "offer-wanted"  # key of the server's data set that is shown once it is read
LISTENER = "listener"  # id of the user whose lists are shown, on all pages

# The Train page
DRAGGING = "slider-dragging"  # bool: a slider is held, more values follow
SETUP_WANTED = "setup-wanted"  # Setup that another page asks to be trained
LINK_TAKEN = "link-taken"  # bool: the settings of the address are in the controls
TRAIN_NOW = "train-now"  # bool: train in the next run of the page
TUNE = "tune"  # bool: train whenever a setting changes
TUNED = "tuned"  # Setup trained last while tuning
BEGUN = "begun"  # float: time.monotonic() at which a training began that was not drawn yet
SETUPS = "setups"  # dict of str to Setup: the settings of each model last
COMPLAINTS = "complaints"  # list of str: what was wrong with the address
SHOWN = "shown"  # id of the training whose figures were shown last
NOTED = "noted"  # set of str: ids of the trainings that are in the trail
SAVED = "saved"  # dict of str to RunRecord: saved runs
DELETED = "deleted"  # list: what can be brought back
EPOCH = "epoch-chosen"  # id of a run and the epoch of it that is shown instead of the newest
PLACES = "latent-places"  # fingerprint of the data, and where its best-known items were drawn last
REPEATS = (
    "repeated-runs"  # dict of str to str: the job that repeats a run on other hold-outs, by the run's id
)
NOTES = "notes"  # dict of str to str: the notes on runs of the visit, by id
NOTE_IN_LINK = "note-in-link"  # str: the note of the address, until its run is shown
BASELINE = "baseline"  # id of the run that the others are compared with

# Find the best
BEFORE_RACE = "before-race"  # id of the training that was chosen when the race began; "" for none
SETUP_SHOWN = "setup-shown"  # Setup of that run, for the controls of Train

# All pages
BROUGHT = (
    "brought"  # (int, list of UploadedFile): how often files were brought; those that the Data page shows
)
LISTEN_AT = "listen-at"  # service that links to listen lead to

# Blind vote
VOTES = "votes"  # (str, list of Vote): fingerprint of the data, and the votes of this visit on it
VOTED = "voted"  # (run, user, models) of the last vote, whose lists have their names

# The You page
PROFILES = (
    "tastes"  # (str, list of UserProfile): fingerprint of the data, and the profiles of this visitor on it
)
PROFILE_PROBLEM = "taste-problem"  # InputError: why the last change of the profile was refused
PROFILE_IN_ADDRESS = "taste-in-address"  # dict of str to str: what this page wrote there
MAP_ME = "map-me"  # bool: the map is to highlight the profile
EXPORTS = "own-exports"  # int: how many exports were taken; each has a new uploader
EXPORT_RESULT = (
    "own-export-result"  # what came of the last one, with the fingerprint of the data, or the InputError
)
HOME_RUN = "home-run"  # id of the training that Home shows

# Who this visitor is
OWNER = "owner"  # str: what `browser_identity.owner` says

# Home
HOME_GO = "home-go"  # bool: names were entered, go to You
HOME_NAMES = "home-names"  # str: what is typed

# Explore and Story
VIEW = "view"  # view of Explore
SEARCH = "search"  # str: part of a name
BARS = "bars"  # chart of the best-known items
SCATTER = "scatter"  # chart of plays against users
SCENE = "scene"  # scene that filters
SCENE_BARS = "scene-bars"  # chart of scenes
PERIOD = "when"  # str: chosen year or month
PERIOD_CHOSEN = (
    "when-chosen"  # (str, str, float): that of the address before the last choice, the choice, and when
)
MONTH_PLAYS = "by-month"  # chart of plays by month
MONTH_NEW = "by-month-new"  # chart of new items by month
STEP = "step"  # step of Story

# Controls of Train
MODE = "mode"  # one training, the best model or the best settings
MODE_IN_ADDRESS = "mode_in_address"
MODEL = "model"  # name of the model
WATCH = "watch"  # metric of early stopping
WATCH_LISTS = "watch-lists"  # the same, of a model without errors
PATIENCE = "patience"  # epochs of early stopping
CURVES_LOG = "curves-log"  # bool: logarithmic axis
CURVES_FROM = "curves-from"  # first epoch that is drawn
REPEATS_PROBLEM = "repeats-problem"  # InputError: why repeats could not begin
SWEEP_OPEN = "sweep-open"  # cell of a sweep that was clicked

# Table of runs
RUNS = "runs"  # the table
LINES = "lines"  # chart of the runs
RUNS_SHOWN = "runs-shown"  # list of str: ids of its rows
RUNS_NEWS = "runs-news"  # sentence above it
RUNS_PROBLEM = "runs-problem"  # InputError above it
STORE_COMPLAINTS = "store-complaints"  # list of str: saved runs that cannot be read
IMPORTS = "imports"  # int: how many files were imported; each has a new uploader

# Compare
ADDED = "added"  # list of ModelChoice
MEASURED = "measured"  # measures of the leaderboard that are shown
COMPARISON_TAB = "comparison-tab"
LAST_TAB = "last-tab"  # tab that was open last
BESIDE = "beside"  # models beside each other
WAY = "way"  # way to split
MONTH = "month"  # of a split by time
SPLIT_WAY, SPLIT_MONTH = "split-way", "split-month"  # the same on the Train page
SLICED = "sliced"  # model whose slices are shown
CHECKED = "checked"  # model whose behaviour is checked
CHECKS = "checks"  # jobs of the checks

# Recommend
PART = "part"  # tab
EXPLAINED = "explained"  # item whose score is explained
SIMILAR = "similar"  # user who was clicked among the similar ones

# You
NEWCOMER_ASIDE = "newcomer-aside"  # code of the item that was clicked
OWN_NAMES = "own-names"  # str: names that were pasted

# Map
MAP_ARTIST = "map-artist"  # id of the item in the centre
MAP_ARTIST_IN_ADDRESS = "map-artist-in-address"
MAP_WHO = "map-who"  # whose items are highlighted

# Data
FILES_PUT_AWAY = "files_put_away"  # int: how often files were put away; each time has a new uploader
OWN_FOUND = "own-found"  # (key, Survey) of the files that are shown
OWN_TOLD = "own-told"  # error that the log was told of last
