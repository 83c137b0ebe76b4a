"""The addresses of messaging, below the account."""

from django.urls import URLPattern, URLResolver, include, path

from messaging.views import campaigns, changing, compose, history, optouts, planned, review

app_name = "messaging"

_campaign = [
    path("", campaigns.campaign_detail, name="campaign-detail"),
    path("progress/", campaigns.campaign_progress, name="campaign-progress"),
    path("review/", review.quote_detail, name="quote-detail"),
    path("review/progress/", review.quote_progress, name="quote-progress"),
    path("confirm/", review.campaign_confirm, name="campaign-confirm"),
    path("renew/", review.quote_update, name="quote-update"),
    path("refused/", review.refused_row_list, name="refused-row-list"),
    path("moment/", changing.moment_update, name="moment-update"),
    path("moment/departures/", changing.moment_detail, name="moment-detail"),
    path("cancel/", changing.campaign_cancel, name="campaign-cancel"),
]

_message = [
    path("", history.message_detail, name="message-detail"),
    path("status/", history.message_status, name="message-status"),
]

_account: list[URLPattern | URLResolver] = [
    path("", compose.account_detail, name="account-detail"),
    path("compose/", compose.campaign_create, name="campaign-create"),
    path("compose/size/", compose.size_detail, name="size-detail"),
    path("characters/", compose.character_list, name="character-list"),
    path("campaigns/<uuid:campaign>/", include(_campaign)),
    path("planned/", planned.planned_list, name="planned-list"),
    path("planned/departures/", planned.departure_list, name="departure-list"),
    path("planned/cancel/", planned.planned_cancel, name="planned-cancel"),
    path("messages/", history.message_list, name="message-list"),
    path("messages/<uuid:campaign>/<int:revision>/<int:position>/", include(_message)),
    path("opt-outs/", optouts.opt_out_list, name="opt-out-list"),
    path("opt-outs/add/", optouts.opt_out_create, name="opt-out-create"),
    path("opt-outs/remove/", optouts.opt_out_delete, name="opt-out-delete"),
    path("opt-outs/export/", optouts.opt_out_export, name="opt-out-export"),
]

urlpatterns = [path("sms/<str:account>/", include(_account))]
